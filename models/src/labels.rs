//! The 80 labels of the COCO data set, in the order in which networks trained on it answer.

use std::collections::BTreeMap;

use gridwatch_domain::ObjectClass;

/// COCO's 80 labels, by class index, in the spelling of the Darknet list that YOLOX files use.
pub const COCO_LABELS: [&str; 80] = [
    "person",
    "bicycle",
    "car",
    "motorbike",
    "aeroplane",
    "bus",
    "train",
    "truck",
    "boat",
    "traffic light",
    "fire hydrant",
    "stop sign",
    "parking meter",
    "bench",
    "bird",
    "cat",
    "dog",
    "horse",
    "sheep",
    "cow",
    "elephant",
    "bear",
    "zebra",
    "giraffe",
    "backpack",
    "umbrella",
    "handbag",
    "tie",
    "suitcase",
    "frisbee",
    "skis",
    "snowboard",
    "sports ball",
    "kite",
    "baseball bat",
    "baseball glove",
    "skateboard",
    "surfboard",
    "tennis racket",
    "bottle",
    "wine glass",
    "cup",
    "fork",
    "knife",
    "spoon",
    "bowl",
    "banana",
    "apple",
    "sandwich",
    "orange",
    "broccoli",
    "carrot",
    "hot dog",
    "pizza",
    "donut",
    "cake",
    "chair",
    "sofa",
    "pottedplant",
    "bed",
    "diningtable",
    "toilet",
    "tvmonitor",
    "laptop",
    "mouse",
    "remote",
    "keyboard",
    "cell phone",
    "microwave",
    "oven",
    "toaster",
    "sink",
    "refrigerator",
    "book",
    "clock",
    "vase",
    "scissors",
    "teddy bear",
    "hair drier",
    "toothbrush",
];

/// Numbers that COCO's categories leave out, 1–90: some networks answer in categories.
const COCO_GAPS: [usize; 10] = [12, 26, 29, 30, 45, 66, 68, 69, 71, 83];
/// One more than COCO's highest category.
const COCO_CATEGORIES: usize = 91;

/// COCO's labels by category, from 0 to 90, as DETR, RF-DETR, torchvision and TensorFlow answer; what is in no use is
/// called so.
pub fn coco_categories() -> Vec<String> {
    let mut labels = COCO_LABELS.iter();
    let in_use = |category: usize| category > 0 && !COCO_GAPS.contains(&category);
    let mut named = |category: usize| {
        let label = if in_use(category) { labels.next() } else { None };
        label.map_or_else(|| format!("unused {category}"), |&label| label.to_owned())
    };
    (0..COCO_CATEGORIES).map(&mut named).collect()
}

/// What a label means by its name alone, whatever its case, hyphens and spaces; `None` for what is none of gridwatch's
/// classes.
pub fn class_of_label(label: &str) -> Option<ObjectClass> {
    let plain: String = label.to_lowercase().chars().filter(|c| c.is_alphanumeric()).collect();
    Some(match plain.as_str() {
        "person" | "people" | "pedestrian" | "行人" | "人" => ObjectClass::Person,
        "bicycle" | "bike" | "自行车" => ObjectClass::Bicycle,
        "motorcycle" | "motorbike" | "motor" | "scooter" | "ebike" | "electricbicycle" | "moped"
        | "摩托车" | "电动车" => ObjectClass::Motorcycle,
        "car" | "van" | "suv" | "sedan" | "taxi" | "pickup" | "minivan" | "vehicle" | "轿车" | "汽车"
        | "小汽车" | "面包车" => ObjectClass::Car,
        "bus" | "coach" | "minibus" | "公交车" | "客车" => ObjectClass::Bus,
        "truck" | "lorry" | "货车" | "卡车" => ObjectClass::Truck,
        _ => return None,
    })
}

/// Which of [`COCO_LABELS`] are things that gridwatch speaks of.
pub(crate) fn coco_classes() -> BTreeMap<String, ObjectClass> {
    COCO_LABELS.iter().filter_map(|&label| Some((label.to_owned(), class_of_label(label)?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn categories_have_gaps_where_coco_has() {
        let categories = coco_categories();
        let named = |category: usize| categories[category].as_str();
        assert_eq!((named(0), named(1), named(3), named(8)), ("unused 0", "person", "car", "truck"));
        assert_eq!((named(11), named(12), named(13)), ("fire hydrant", "unused 12", "stop sign"));
        assert_eq!((named(90), categories.len()), ("toothbrush", 91));
    }

    #[test]
    fn labels_are_known_in_whatever_spelling() {
        assert_eq!(class_of_label("E-Bike"), Some(ObjectClass::Motorcycle));
        assert_eq!(class_of_label("面包车"), Some(ObjectClass::Car));
        assert_eq!(class_of_label("hot dog"), None);
        assert_eq!(coco_classes().len(), 6);
    }
}
