//! The page of a score.

use super::*;
use crate::score_command::tests::example;

/// Every element is closed by itself or by its end, in order; gives how many there are.
#[track_caller]
fn well_formed(page: &str) -> usize {
    let body = page.strip_prefix("<!doctype html>\n").expect("it says what it is");
    let (mut open, mut count) = (Vec::new(), 0);
    for piece in body.split('<').skip(1) {
        let (tag, text) = piece.split_once('>').expect("every tag ends");
        assert!(!text.contains('>'), "a stray > in {text:?}");
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name), "closed out of order");
            continue;
        }
        count += 1;
        assert_eq!(tag.matches('"').count() % 2, 0, "{tag}");
        if !tag.ends_with('/') {
            open.push(tag.split([' ', '\n']).next().expect("a name"));
        }
    }
    assert!(open.is_empty(), "never closed: {open:?}");
    count
}

#[test]
fn the_page_is_well_formed_and_needs_nothing_beside() {
    let (truth, score) = example();
    let page = page(&truth, &score);
    assert!(well_formed(&page) > 100);
    for outside in ["src=", "href=", "url(", "@import", "<script", "http"] {
        assert!(!page.contains(outside), "{outside}");
    }
    assert!(page.contains("car park &lt;A&gt;") && !page.contains("<A>"));
}

#[test]
fn every_event_is_drawn_with_what_became_of_it() {
    let (truth, score) = example();
    let page = page(&truth, &score);
    for event in &truth.events {
        assert!(page.contains(&format!("真值 truth {}\n", event.id)), "{}", event.id);
    }
    for told in ["e1", "e2", "e3", "e4", "e5"] {
        assert!(page.contains(&format!("结果 result {told}\n")), "{told}");
    }
    let drawn = |class: &str| page.matches(&format!("<g class=\"event {class}\">")).count();
    let classes = ["truth", "found", "missed", "false", "doubled", "ignored"];
    assert_eq!(classes.map(drawn), [2, 2, 2, 1, 1, 1]);
    for word in ["漏报 missed blue", "误报 false", "重复 doubled silver", "不计 left out"] {
        assert!(page.contains(word), "{word}");
    }
    assert_eq!(page.matches("<div class=\"row bay\">").count(), 3);
    assert!(page.contains("4 处不符") && page.contains("占用消防通道"));
}

#[test]
fn a_file_without_events_has_a_page_too() {
    let text = r#"{"schema":"gridwatch.truth/1","name":"empty","duration_s":86400,"events":[]}"#;
    let truth = Truth::parse(text).expect("valid");
    let score = crate::score::score(&truth, &[], None, truth.start(None));
    let page = page(&truth, &score);
    well_formed(&page);
    assert!(page.contains("无事可报，也没有误报"));
}

#[test]
fn long_files_are_drawn_wider_and_their_axis_stays_readable() {
    let (_, short) = example();
    let scale = Scale::new(&short);
    assert_eq!((scale.first, scale.step_s(1_000.0)), (0, 15.0));
    let long = Score { duration_s: 86_400.0, ..short };
    let scale = Scale::new(&long);
    assert_eq!(scale.first, 1);
    assert!(scale.widths[1] > 10_000.0 && scale.widths.iter().all(|width| *width <= 60_000.0));
    for width in &scale.widths {
        let ticks = 86_400.0 / scale.step_s(*width);
        assert!(width / ticks >= 72.0, "{ticks} ticks on {width} pixels");
    }
}

#[test]
fn moments_are_drawn_though_they_have_no_length() {
    let moment = |id: &str, at_s: f64| {
        let event = crate::score::tests::event(id, at_s, 180.0);
        crate::score::TruthEvent { kind: "line.crossing".into(), limit_s: None, ..event }
    };
    let told = |id: &str, at_s: f64| {
        let event = crate::score::tests::told(id, at_s, at_s + 0.2);
        crate::score::ResultEvent { kind: "line.crossing".into(), ..event }
    };
    let events = vec![moment("early", 10.0), moment("late", 120.0)];
    let truth = Truth { events, ..crate::score::tests::truth() };
    let events = [told("a", 10.4), told("b", 11.0), told("c", 60.0)];
    let score = crate::score::score(&truth, &events, None, gridwatch_domain::Timestamp::UNIX_EPOCH);
    let page = page(&truth, &score);
    well_formed(&page);
    for class in ["truth", "found", "missed", "doubled", "false"] {
        let group = page.split(&format!("<g class=\"event {class}\">")).nth(1);
        let drawn = group.and_then(|rest| rest.split("</g>").next()).expect("there is one");
        assert!(drawn.contains(&format!("<path class=\"bar moment {class}\"")), "{drawn}");
        assert!(!drawn.contains("<rect class=\"bar") && !drawn.contains("goes-on"), "{drawn}");
    }
    assert!(page.contains("<td>2:00</td>"), "when it was, and not until when");
}
