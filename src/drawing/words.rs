//! What is written into pictures and terminals, in Chinese and in English.

use std::time::Duration;

use clap::ValueEnum;
use gridwatch_detect::parked::Presence;
use gridwatch_domain::{EventKind, ObjectClass, ZoneType};
use gridwatch_ingest::{Level, Reason};

/// In which language pictures are labelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum Language {
    /// 中文.
    #[default]
    Zh,
    /// English.
    En,
}

impl Language {
    /// One of two wordings.
    pub(crate) fn pick<T>(self, chinese: T, english: T) -> T {
        match self {
            Self::Zh => chinese,
            Self::En => english,
        }
    }

    pub(crate) fn kind(self, kind: EventKind) -> &'static str {
        let (chinese, english) = kind_names(kind);
        self.pick(chinese, english)
    }

    pub(crate) fn zone_type(self, zone_type: ZoneType) -> &'static str {
        let (chinese, english) = match zone_type {
            ZoneType::NoParking => ("禁停区", "no parking"),
            ZoneType::FireLane => ("消防通道", "fire lane"),
            ZoneType::Entrance => ("出入口", "entrance"),
            ZoneType::Bay => ("车位", "bay"),
            ZoneType::Aisle => ("车道", "aisle"),
            ZoneType::Area => ("区域", "area"),
        };
        self.pick(chinese, english)
    }

    pub(crate) fn class(self, class: ObjectClass) -> &'static str {
        let chinese = match class {
            ObjectClass::Person => "行人",
            ObjectClass::Bicycle => "自行车",
            ObjectClass::Motorcycle => "摩托",
            ObjectClass::Car => "小汽车",
            ObjectClass::Bus => "客车",
            ObjectClass::Truck => "货车",
        };
        self.pick(chinese, class.as_str())
    }

    pub(crate) fn presence(self, presence: Presence) -> &'static str {
        let (chinese, english) = match presence {
            Presence::Seen => ("可见", "seen"),
            Presence::Hidden => ("被挡", "hidden"),
            Presence::Unknown => ("不明", "unknown"),
            Presence::Empty => ("已空", "empty"),
        };
        self.pick(chinese, english)
    }

    /// `30 秒`, `3 min`.
    pub(crate) fn duration(self, time: Duration) -> String {
        let seconds = time.as_secs();
        let (count, chinese, english) = match seconds {
            86_400.. if seconds.is_multiple_of(86_400) => (seconds / 86_400, "天", "d"),
            3600.. if seconds.is_multiple_of(3600) => (seconds / 3600, "小时", "h"),
            120.. if seconds.is_multiple_of(60) => (seconds / 60, "分钟", "min"),
            _ => (seconds, "秒", "s"),
        };
        format!("{count} {}", self.pick(chinese, english))
    }

    pub(crate) fn level(self, level: Level) -> &'static str {
        let chinese = match level {
            Level::Rest => "静候",
            Level::Keys => "留意",
            Level::All => "全解码",
        };
        self.pick(chinese, level.code())
    }

    pub(crate) fn reason(self, reason: Reason) -> &'static str {
        let chinese = match reason {
            Reason::Configured => "按配置",
            Reason::Quiet => "无变化",
            Reason::Beginning => "刚开始",
            Reason::Changed => "有变化",
            Reason::Surge => "码流突增",
            Reason::Watchful => "关注目标",
            Reason::Due => "即将超时",
            Reason::KeysFarApart => "关键帧太疏",
            Reason::Asked => "区域要求",
            Reason::ByGstreamer => "逐帧播放",
        };
        let english = match reason {
            Reason::KeysFarApart => "keys far apart",
            Reason::ByGstreamer => "by GStreamer",
            other => other.code(),
        };
        self.pick(chinese, english)
    }
}

/// What a kind of event is called in Chinese and in English.
pub(crate) fn kind_names(kind: EventKind) -> (&'static str, &'static str) {
    match kind {
        EventKind::NoParking => ("违停", "no parking"),
        EventKind::FireLane => ("占用消防通道", "fire lane"),
        EventKind::EntranceBlocked => ("堵塞出入口", "entrance blocked"),
        EventKind::OutOfBay => ("未入位停放", "out of bay"),
        EventKind::Double => ("堵车位", "double-parked"),
        EventKind::Straddling => ("跨位停放", "straddling"),
        EventKind::Overstay => ("超时停放", "overstay"),
        EventKind::LongStay => ("僵尸车", "abandoned"),
        EventKind::LotFull => ("车位已满", "lot full"),
        EventKind::ContactSuspected => ("疑似剐蹭", "contact suspected"),
        EventKind::Intrusion => ("闯入", "intrusion"),
        EventKind::Loitering => ("徘徊逗留", "loitering"),
        EventKind::Crowd => ("人员聚集", "crowd"),
        EventKind::Crossing => ("越线", "line crossed"),
        EventKind::WrongWay => ("逆行", "wrong way"),
        EventKind::CameraOffline => ("摄像机离线", "camera offline"),
        EventKind::CameraFrozen => ("画面冻结", "picture frozen"),
        EventKind::CameraCovered => ("镜头被遮挡", "lens covered"),
        EventKind::CameraMoved => ("镜头被移动", "camera moved"),
        EventKind::CameraBlurred => ("画面模糊", "picture blurred"),
    }
}

/// `75` → `1:15`, `3675` → `1:01:15`.
pub(crate) fn clock(seconds: f64) -> String {
    let seconds = seconds.max(0.0) as u64;
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}") }
}

#[cfg(test)]
mod tests {
    use gridwatch_alert::drawing::can_write;

    use super::*;

    #[test]
    fn every_word_can_be_written_in_both_languages() {
        for language in [Language::Zh, Language::En] {
            let kinds = EventKind::ALL.map(|kind| language.kind(kind));
            let types = ZoneType::ALL.map(|zone_type| language.zone_type(zone_type));
            let classes = ObjectClass::ALL.map(|class| language.class(class));
            let presences = [Presence::Seen, Presence::Hidden, Presence::Unknown, Presence::Empty];
            let levels = [Level::Rest, Level::Keys, Level::All].map(|level| language.level(level));
            let all = kinds.into_iter().chain(types).chain(classes).chain(levels);
            for word in all.chain(presences.map(|presence| language.presence(presence))) {
                assert!(!word.is_empty() && can_write(word), "{word}");
                assert_eq!(word.is_ascii(), language == Language::En, "{word}");
            }
        }
    }

    #[test]
    fn limits_are_told_in_the_largest_unit_that_is_whole() {
        let told = |seconds| Language::En.duration(Duration::from_secs(seconds));
        let all = [1, 90, 120, 180, 3600, 5400, 86_400, 1_296_000].map(told);
        assert_eq!(all, ["1 s", "90 s", "2 min", "3 min", "1 h", "90 min", "1 d", "15 d"]);
        assert_eq!(Language::Zh.duration(Duration::from_secs(60)), "60 秒");
    }

    #[test]
    fn times_read_like_a_clock() {
        for (seconds, text) in [(9.9, "0:09"), (75.0, "1:15"), (3675.0, "1:01:15"), (f64::NAN, "0:00")] {
            assert_eq!(clock(seconds), text);
        }
    }
}
