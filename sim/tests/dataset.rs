//! Training pictures: the promised files, labels that make sense, and the same again from the same seed.

use std::{fs, path::Path};

use gridwatch_sim::{cache::PictureSize, dataset};

fn make(out: &Path, seed: u64) -> String {
    let size = PictureSize { width: 320, height: 184 };
    let mut heard = Vec::new();
    dataset::generate(out, 7, seed, size, &mut |done, total| heard.push((done, total)))
        .expect("a writable folder");
    assert_eq!(heard.last(), Some(&(7, 7)));
    fs::read_to_string(out.join("labels.jsonl")).expect("labels")
}

#[test]
fn equal_seeds_give_equal_files_with_sound_labels() {
    let folder = tempfile::tempdir().expect("a folder");
    let (one, two, other) = (folder.path().join("1"), folder.path().join("2"), folder.path().join("3"));
    let labels = make(&one, 5);
    assert_eq!(labels, make(&two, 5));
    assert_ne!(labels, make(&other, 6));
    let picture = "images/000007.jpg";
    assert_eq!(fs::read(one.join(picture)).expect("written"), fs::read(two.join(picture)).expect("written"));
    let mut objects = 0;
    for (index, line) in labels.lines().enumerate() {
        let label: serde_json::Value = serde_json::from_str(line).expect("JSON");
        assert_eq!(label["image"], format!("images/{:06}.jpg", index + 1));
        let picture = image::open(one.join(label["image"].as_str().expect("a name"))).expect("a picture");
        assert_eq!((picture.width(), picture.height()), (320, 184));
        for object in label["objects"].as_array().expect("a list") {
            let edges: Vec<f64> =
                object["box"].as_array().expect("a box").iter().filter_map(|edge| edge.as_f64()).collect();
            assert!(edges.iter().all(|edge| (0.0..=1.0).contains(edge)), "{object}");
            assert!(edges[0] < edges[2] && edges[1] < edges[3], "{object}");
            assert!(object["visible"].as_f64().is_some_and(|share| share > 0.0 && share <= 1.0), "{object}");
            objects += 1;
        }
    }
    assert_eq!(labels.lines().count(), 7);
    assert!(objects > 10, "{objects} objects in seven pictures");
}
