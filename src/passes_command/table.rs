//! Near passes for a terminal: Chinese first.

use comfy_table::{Table, presets};
use gridwatch_alert::StoredPass;
use gridwatch_domain::{NUDGED, NearPass, ObjectClass, Side};

use super::zone::LocalTime;

const HEADER: [&str; 11] = [
    "最近时刻\nnearest at",
    "谁\nwho",
    "距离\nhow near",
    "方位\nside",
    "去向\nway",
    "被靠近者\nparked",
    "移位\nmoved",
    "摄像机\ncamera",
    "车位、区域\nbay, zones",
    "位置\nplace",
    "编号\nid",
];

pub(super) fn of(passes: &[StoredPass], time: &LocalTime) -> Table {
    let mut table = Table::new();
    table.load_preset(presets::UTF8_HORIZONTAL_ONLY);
    table.set_header(HEADER);
    for StoredPass { pass, .. } in passes {
        let zones: Vec<&str> = pass.zones.iter().map(|zone| zone.as_str()).collect();
        table.add_row([
            time.of(pass.at),
            class(pass.passer.class),
            distance(pass),
            side(pass.side),
            arrow(pass.heading_deg).to_owned(),
            class(pass.parked.class),
            shifted(pass.shifted),
            pass.camera.to_string(),
            zones.join(" "),
            pass.place.to_string(),
            pass.id.to_string(),
        ]);
    }
    table
}

fn class(class: ObjectClass) -> String {
    let chinese = match class {
        ObjectClass::Person => "行人",
        ObjectClass::Bicycle => "自行车",
        ObjectClass::Motorcycle => "摩托/电动车",
        ObjectClass::Car => "小汽车",
        ObjectClass::Bus => "客车",
        ObjectClass::Truck => "货车",
    };
    format!("{chinese} {class}")
}

/// Metres where they are known, else sizes of the parked vehicle.
fn distance(pass: &NearPass) -> String {
    match pass.distance_m {
        Some(metres) => format!("{metres:.2} m"),
        None => format!("{:.2} 车长 sizes", pass.distance),
    }
}

fn side(side: Side) -> String {
    let chinese = match side {
        Side::Left => "左",
        Side::Right => "右",
        Side::Before => "前",
        Side::Behind => "后",
    };
    format!("{chinese} {}", side.as_str())
}

/// As the camera sees it; a dot where it stood.
fn arrow(heading_deg: Option<f32>) -> &'static str {
    const ARROWS: [&str; 8] = ["→", "↘", "↓", "↙", "←", "↖", "↑", "↗"];
    heading_deg.map_or("·", |heading| {
        let eighth = (heading.rem_euclid(360.0) / 45.0).round() as usize;
        ARROWS[eighth % ARROWS.len()]
    })
}

fn shifted(shifted: Option<f32>) -> String {
    match shifted {
        None => "不明 unknown".to_owned(),
        Some(share) if share < *NUDGED.start() => "否 no".to_owned(),
        Some(share) if share <= *NUDGED.end() => format!("是 yes, {:.0} %", share * 100.0),
        Some(_) => "驶离 left".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ways_are_arrows_of_the_picture() {
        #[track_caller]
        fn check(heading: f32, expected: &str) {
            assert_eq!(arrow(Some(heading)), expected, "{heading}");
        }
        check(0.0, "→");
        check(22.0, "→");
        check(23.0, "↘");
        check(90.0, "↓");
        check(180.0, "←");
        check(270.0, "↑");
        check(337.0, "↗");
        check(338.0, "→");
        check(360.0, "→");
        assert_eq!(arrow(None), "·");
    }

    #[test]
    fn only_what_surely_moved_has_moved() {
        #[track_caller]
        fn check(share: Option<f32>, expected: &str) {
            assert_eq!(shifted(share), expected, "{share:?}");
        }
        check(None, "不明 unknown");
        check(Some(0.020), "否 no");
        check(Some(0.024), "是 yes, 2 %");
        check(Some(0.15), "是 yes, 15 %");
        check(Some(0.3), "驶离 left");
    }
}
