//! Times, shares and names as people read them.

use crate::score::Warning;

/// `1:23`, from an hour on `1:02:03`.
pub(crate) fn clock(seconds: f64) -> String {
    let whole = seconds.abs().round() as u64;
    let (hours, minutes, rest) = (whole / 3600, whole / 60 % 60, whole % 60);
    let sign = if seconds < 0.0 && whole > 0 { "−" } else { "" };
    if hours > 0 {
        format!("{sign}{hours}:{minutes:02}:{rest:02}")
    } else {
        format!("{sign}{minutes}:{rest:02}")
    }
}

/// `+1.2 s`: late; `−1.2 s`: early.
pub(crate) fn signed(seconds: f64) -> String {
    with_sign(seconds, 1, "s")
}

/// `+0.25 m`, `−0.25 m`.
pub(crate) fn signed_metres(metres: f64) -> String {
    with_sign(metres, 2, "m")
}

fn with_sign(value: f64, decimals: i32, unit: &str) -> String {
    // What rounds to nothing has no sign.
    let scale = 10_f64.powi(decimals);
    let rounded = (value * scale).round() / scale;
    let sign = if rounded == 0.0 {
        ""
    } else if rounded < 0.0 {
        "−"
    } else {
        "+"
    };
    format!("{sign}{:.*} {unit}", decimals.unsigned_abs() as usize, rounded.abs())
}

/// `97.5 %`, or a dash where there is nothing to have a share of.
pub(crate) fn percent(share: Option<f64>) -> String {
    share.map_or_else(dash, |share| format!("{:.1} %", share * 100.0))
}

/// What stands where there is no value.
pub(crate) fn dash() -> String {
    "–".to_owned()
}

/// What the kind is called in Chinese, where that is known.
pub(crate) fn chinese_kind(kind: &str) -> Option<&'static str> {
    Some(match kind {
        "parking.no_parking" => "违停",
        "parking.fire_lane" => "占用消防通道",
        "parking.entrance_blocked" => "堵塞出入口",
        "parking.out_of_bay" => "未入位停放",
        "parking.double" => "双排/堵车位",
        "parking.straddling" => "跨位停放",
        "parking.overstay" => "超时停放",
        "parking.long_stay" => "僵尸车",
        "parking.lot_full" => "车位已满",
        "parking.contact_suspected" => "疑似剐蹭",
        "area.intrusion" => "区域入侵",
        "area.loitering" => "人员徘徊",
        "area.crowd" => "人员聚集",
        "line.crossing" => "越线",
        "line.wrong_way" => "逆行",
        "camera.offline" => "摄像机离线",
        "camera.frozen" => "画面冻结",
        "camera.covered" => "镜头被遮挡",
        "camera.moved" => "镜头被移动",
        "camera.blurred" => "画面模糊",
        "bay.told_free" => "有车报空",
        "bay.told_occupied" => "空位报有车",
        "bay.unknown" => "车位状态未知",
        _ => return None,
    })
}

const START: &str = "请按分析时的取值给出 --start";

/// A warning in Chinese.
pub(super) fn chinese_warning(warning: &Warning) -> String {
    match warning {
        Warning::Partial(partial) => {
            format!("分析在录像的 {} 处中断：{}", clock(partial.seconds), partial.flaws.join("；"))
        }
        Warning::OutsideFootage { outside, told, first, first_s } => format!(
            "{told} 个事件中有 {outside} 个不在录像时间内，最早的在 {first}（距开头 {first_s:.1} 秒）：{START}"
        ),
        Warning::ObservedOutside { first, from_s, until_s, duration_s } => format!(
            "观测始于 {first}，为 {from_s:.1} 至 {until_s:.1} 秒，录像只有 0 至 {duration_s:.1} 秒：{START}"
        ),
        Warning::PassesOutside { outside, told, first, first_s } => format!(
            "{told} 次近身经过中有 {outside} 次不在录像时间内，最早的在 {first}（距开头 {first_s:.1} 秒）：{START}"
        ),
        Warning::OtherLimit { zone, kind, told_s, truth_s } => format!(
            "{}的 {kind} 按限时 {told_s} 秒上报，真值为 {truth_s} 秒",
            zone.as_deref().unwrap_or("整个画面")
        ),
        Warning::NoOpening { events } => format!("有 {events} 个事件缺少开始的那一条，无法评判报警快慢"),
        Warning::UnheardBays { zones } => format!("观测中没有这些车位的状态：{}", zones.join("、")),
        Warning::UnknownZones { zones, in_config } => {
            let names = zones.iter().map(|zone| match &zone.meant {
                Some(meant) => format!("{}（是否为 {meant}？）", zone.zone),
                None => zone.zone.clone(),
            });
            let names: Vec<String> = names.collect();
            let whom = if *in_config { "配置" } else { "事件和观测" };
            format!("{whom}中没有真值所写的这些区域：{}", names.join("、"))
        }
        Warning::SilentTime { from_s, until_s } => {
            format!("观测只覆盖 {} 至 {}；车位最后的状态按保持到结尾计", clock(*from_s), clock(*until_s))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_shares_read_as_people_write_them() {
        assert_eq!(
            [clock(0.0), clock(83.4), clock(3723.0), clock(-5.0)],
            ["0:00", "1:23", "1:02:03", "−0:05"]
        );
        assert_eq!([signed(1.25), signed(-3.04), signed(-0.04)], ["+1.3 s", "−3.0 s", "0.0 s"]);
        assert_eq!([0.254, -0.256, -0.004].map(signed_metres), ["+0.25 m", "−0.26 m", "0.00 m"]);
        assert_eq!([percent(Some(0.9751)), percent(None)], ["97.5 %", "–"]);
    }

    #[test]
    fn every_kind_that_this_build_tells_has_a_chinese_name() {
        for kind in gridwatch_domain::EventKind::ALL {
            assert!(chinese_kind(kind.as_str()).is_some(), "{kind}");
        }
    }
}
