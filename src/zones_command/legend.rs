//! What is said about each zone, line and group, in words.

use gridwatch_alert::drawing::Colour;
use gridwatch_config::CameraSettings;
use gridwatch_domain::{EventKind, Line, Zone, ZoneId, ZoneRule, ZoneType};

use crate::drawing::{colours, words::Language, written};

/// So many bays that are alike are named one by one; of more the first ones and the last.
const NAMED: usize = 6;

/// One thing that is told.
pub(super) struct Entry {
    /// Colour of the mark before it, as in the picture.
    pub(super) colour: Colour,
    pub(super) text: String,
}

/// All that is watched, in the order of the configuration; bays that are alike together.
pub(super) fn entries(camera: &CameraSettings, language: Language) -> Vec<Entry> {
    let (bays, others): (Vec<&Zone>, Vec<&Zone>) =
        camera.zones.iter().partition(|zone| zone.zone_type == ZoneType::Bay);
    let zones = others.into_iter().map(|zone| Entry {
        colour: colours::of_zone(zone.zone_type),
        text: format!(
            "{}  {}",
            title(&zone.name, &zone.id, language.zone_type(zone.zone_type)),
            about(zone, language)
        ),
    });
    let lines =
        camera.lines.iter().map(|line| Entry { colour: colours::LINE, text: of_line(line, language) });
    let groups = camera.groups.iter().map(|group| {
        let title = title(&group.name, &group.id, language.pick("车位组", "group of bays"));
        let least = group.rule.least;
        let full = language.pick(format!("占 {least} 个为满",), format!("full with {least}"));
        let text =
            format!("{title}  {}: {full}, {}", names(&group.bays), language.duration(group.rule.limit.get()));
        Entry { colour: colours::LINE, text }
    });
    zones.chain(of_bays(&bays, language)).chain(lines).chain(groups).collect()
}

/// What is said below a zone's name in the picture: what it is for, and how long one may stand.
pub(super) fn caption(zone: &Zone, language: Language) -> String {
    let rule = zone.rules.first().map(|rule| of_rule(rule, language));
    rule.unwrap_or_else(|| language.zone_type(zone.zone_type).to_owned())
}

/// `名称 (id) 类型`
fn title(name: &str, id: &ZoneId, what: &str) -> String {
    let id = id.as_str();
    if name == id { format!("{id}  {what}") } else { format!("{} ({id})  {what}", written(name, id)) }
}

fn of_bays(bays: &[&Zone], language: Language) -> Vec<Entry> {
    let mut alike: Vec<(String, Vec<ZoneId>)> = Vec::new();
    for bay in bays {
        let text = about(bay, language);
        match alike.iter_mut().find(|(known, _)| *known == text) {
            Some((_, ids)) => ids.push(bay.id.clone()),
            None => alike.push((text, vec![bay.id.clone()])),
        }
    }
    let entry = |(text, ids): (String, Vec<ZoneId>)| {
        let what = language.pick(format!("{} 个车位", ids.len()), format!("{} bays", ids.len()));
        Entry { colour: colours::of_zone(ZoneType::Bay), text: format!("{what}  {}  {text}", names(&ids)) }
    };
    alike.into_iter().map(entry).collect()
}

/// `a, b, c … z`
fn names(ids: &[ZoneId]) -> String {
    let all = |ids: &[ZoneId]| ids.iter().map(|id| id.as_str()).collect::<Vec<_>>().join(", ");
    match ids {
        [] => String::new(),
        ids if ids.len() <= NAMED => all(ids),
        [first @ .., last] => format!("{} … {last}", all(&first[..NAMED - 2])),
    }
}

fn about(zone: &Zone, language: Language) -> String {
    let mut parts: Vec<String> = zone.rules.iter().map(|rule| of_rule(rule, language)).collect();
    if parts.is_empty() {
        parts.push(language.pick("不告警", "tells nothing").to_owned());
    }
    if zone.schedule.is_some() {
        parts.push(language.pick("按时段", "by a schedule").to_owned());
    }
    if !zone.permits.is_empty() {
        let count = zone.permits.len();
        parts.push(language.pick(format!("{count} 项许可"), format!("permits: {count}")));
    }
    if zone.watch_fps > 0 {
        let fps = zone.watch_fps;
        parts.push(
            language.pick(format!("活动时 {fps} 帧/秒"), format!("{fps} pictures/s while something moves")),
        );
    }
    parts.join(", ")
}

fn of_line(line: &Line, language: Language) -> String {
    let title = title(&line.name, &line.id, language.pick("计数线", "line"));
    let way = if line.rule(EventKind::WrongWay).is_some() {
        language.pick("单向", "one way")
    } else {
        language.pick("双向", "both ways")
    };
    let told: Vec<&str> = line.rules.iter().map(|rule| language.kind(rule.kind)).collect();
    let told =
        if told.is_empty() { language.pick("只计数", "counts only").to_owned() } else { told.join(", ") };
    format!("{title}  {way}, {told}")
}

fn of_rule(rule: &ZoneRule, language: Language) -> String {
    let least = if rule.least > 1 { format!(" ≥ {}", rule.least) } else { String::new() };
    let kind = language.kind(rule.kind);
    // Told as soon as it is seen.
    if rule.kind == EventKind::ContactSuspected {
        return kind.to_owned();
    }
    format!("{kind}{least} {}", language.duration(rule.limit.get()))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use gridwatch_alert::drawing::can_write;
    use gridwatch_config::parse_edge;

    use super::*;

    fn camera(zones: &str) -> CameraSettings {
        let head = "[edge]\nid = \"b\"\nstate_dir = \"s\"\n[broker]\nurl = \"mqtt://127.0.0.1:1\"\n[[camera]]\nid = \"c\"\nurl = \"rtsp://h/1\"\n";
        let settings = parse_edge(&format!("{head}{zones}"), Path::new(""));
        settings.unwrap_or_else(|problems| panic!("{problems}")).cameras.remove(0)
    }

    #[test]
    fn all_that_is_watched_is_told_and_bays_that_are_alike_together() {
        let bay = |number: usize, more: &str| {
            let left = number as f32 * 0.1;
            let right = left + 0.08;
            format!(
                "[[camera.zone]]\nid = \"b{number}\"\ntype = \"bay\"\n{more}\npolygon = [[{left}, 0.1], [{right}, 0.1], [{right}, 0.2], [{left}, 0.2]]\n"
            )
        };
        let mut zones: String = (0..7).map(|number| bay(number, "")).collect();
        zones += &bay(7, "limit_s = 7200");
        zones += "[[camera.zone]]\nid = \"lane\"\nname = \"东门\"\ntype = \"fire_lane\"\nlimit_s = 15\npolygon = [[0, 0.5], [1, 0.5], [1, 0.9]]\n";
        zones += "[[camera.zone]]\nid = \"yard\"\ntype = \"area\"\ncrowd = 8\npolygon = [[0, 0.5], [1, 0.5], [1, 0.8]]\n";
        zones += "[[camera.line]]\nid = \"exit\"\none_way = true\nfrom = [0.1, 0.1]\nto = [0.9, 0.1]\n";
        zones += "[[camera.group]]\nid = \"all\"\nfull = 6\n";
        let camera = camera(&zones);
        let told =
            |language| entries(&camera, language).into_iter().map(|entry| entry.text).collect::<Vec<_>>();
        assert_eq!(
            told(Language::En),
            [
                "东门 (lane)  fire lane  fire lane 15 s",
                "yard  area  crowd ≥ 8 30 s, 2 pictures/s while something moves",
                "7 bays  b0, b1, b2, b3 … b6  straddling 60 s, abandoned 15 d, contact suspected, 2 pictures/s while something moves",
                "1 bays  b7  overstay 2 h, straddling 60 s, abandoned 15 d, contact suspected, 2 pictures/s while something moves",
                "exit  line  one way, wrong way",
                "all  group of bays  b0, b1, b2, b3 … b7: full with 6, 60 s",
            ]
        );
        assert!(told(Language::Zh).iter().all(|text| can_write(text)));
        assert_eq!(told(Language::Zh)[0], "东门 (lane)  消防通道  占用消防通道 15 秒");
    }
}
