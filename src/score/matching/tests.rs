//! Which event belongs to which true one.

use super::*;

const KIND: &str = "parking.no_parking";

fn subject<'a>(id: &'a str, from_s: f64, until_s: f64) -> Subject<'a> {
    Subject {
        id,
        kind: KIND,
        zone: Some("lane"),
        or_zone: None,
        span: Span::new(from_s, until_s),
        bbox: None,
    }
}

fn at<'a>(subject: Subject<'a>, x: f32) -> Subject<'a> {
    Subject { bbox: NormBox::new(x, 0.4, x + 0.1, 0.5).ok(), ..subject }
}

fn ignore(from_s: f64, until_s: f64) -> Ignore {
    Ignore { kind: None, zone: None, span: Span::new(from_s, until_s), bbox: None, note: None }
}

/// A truth `1` that was told by `a` is `1=a`, one that was missed `1-`; `a+1` is a doubled event, `a!` a false one, `a~` one left out.
#[track_caller]
fn check(truths: &[Subject<'_>], told: &[Subject<'_>], ignore: &[Ignore], expected: &str) {
    let judgement = judge(truths, told, ignore);
    let mut words: Vec<String> = Vec::new();
    words.extend(
        judgement.pairs.iter().map(|&(one, event, _)| format!("{}={}", truths[one].id, told[event].id)),
    );
    words.extend(judgement.missed.iter().map(|&one| format!("{}-", truths[one].id)));
    words.extend(
        judgement.doubled.iter().map(|&(event, one)| format!("{}+{}", told[event].id, truths[one].id)),
    );
    words.extend(judgement.untrue.iter().map(|&event| format!("{}!", told[event].id)));
    words.extend(judgement.ignored.iter().map(|&(event, _)| format!("{}~", told[event].id)));
    assert_eq!(words.join(" "), expected);
}

#[test]
fn what_overlaps_in_its_zone_belongs_together() {
    check(&[subject("1", 10.0, 60.0)], &[subject("a", 12.0, 70.0)], &[], "1=a");
    check(&[subject("1", 10.0, 60.0)], &[subject("a", 60.0, 70.0)], &[], "1- a!");
    check(&[subject("1", 10.0, 60.0)], &[], &[], "1-");
    check(&[], &[subject("a", 60.0, 70.0)], &[], "a!");
    let elsewhere = Subject { zone: Some("gate"), ..subject("a", 10.0, 60.0) };
    check(&[subject("1", 10.0, 60.0)], &[elsewhere], &[], "1- a!");
    let either = Subject { or_zone: Some("gate"), ..subject("1", 10.0, 60.0) };
    check(&[either], &[elsewhere], &[], "1=a");
    check(&[either], &[subject("a", 10.0, 60.0)], &[], "1=a");
    let other = Subject { kind: "parking.fire_lane", ..subject("a", 10.0, 60.0) };
    check(&[subject("1", 10.0, 60.0)], &[other], &[], "1- a!");
    let nowhere = |id| Subject { zone: None, kind: "camera.covered", ..subject(id, 10.0, 60.0) };
    check(&[nowhere("1")], &[nowhere("a")], &[], "1=a");
    let opened_at_the_end = subject("a", 60.0, 60.0);
    check(&[subject("1", 10.0, 60.0)], &[opened_at_the_end], &[], "1=a");
}

#[test]
fn a_moment_may_be_told_a_little_early_or_late() {
    let moment = |id, at_s| subject(id, at_s, at_s);
    check(&[subject("1", 10.0, 12.0)], &[moment("a", 8.5)], &[], "1=a");
    check(&[subject("1", 10.0, 12.0)], &[moment("a", 13.9)], &[], "1=a");
    check(&[moment("1", 10.0)], &[moment("a", 11.0)], &[], "1=a");
    check(&[subject("1", 10.0, 12.0)], &[moment("a", 14.1)], &[], "1- a!");
    check(&[subject("1", 10.0, 12.0)], &[subject("a", 13.0, 15.0)], &[], "1- a!");
    // The nearest of several, and each of two that follow each other.
    check(&[moment("1", 10.0)], &[moment("a", 11.5), moment("b", 10.4)], &[], "1=b a+1");
    check(&[moment("1", 10.0), moment("2", 11.0)], &[moment("a", 10.9), moment("b", 12.6)], &[], "1=a 2=b");
}

#[test]
fn one_that_is_told_again_is_doubled() {
    let told = [subject("a", 10.0, 20.0), subject("b", 22.0, 60.0)];
    check(&[subject("1", 10.0, 60.0)], &told, &[], "1=b a+1");
}

#[test]
fn the_longest_time_together_decides() {
    // `a` lies over both, and takes the one that nothing else fits.
    let truths = [subject("1", 0.0, 30.0), subject("2", 30.0, 60.0)];
    check(&truths, &[subject("a", 0.0, 59.0), subject("b", 2.0, 30.0)], &[], "1=b 2=a");
    // Two matches are not worth more than the one that is right.
    let truths = [subject("1", 0.0, 100.0), subject("2", 100.0, 200.0)];
    check(&truths, &[subject("a", 0.0, 101.0), subject("b", 99.0, 100.0)], &[], "1=a 2- b+1");
}

#[test]
fn boxes_tell_two_in_one_zone_apart() {
    let truths = [at(subject("1", 0.0, 60.0), 0.2), at(subject("2", 0.0, 60.0), 0.6)];
    let told = [at(subject("a", 5.0, 60.0), 0.61), at(subject("b", 5.0, 60.0), 0.21)];
    check(&truths, &told, &[], "1=b 2=a");
    check(&truths[..1], &told, &[], "1=b a!");
    // One without a box is taken as it comes; of equal times the better box wins.
    check(&truths[..1], &[subject("a", 5.0, 60.0)], &[], "1=a");
    let close = [at(subject("a", 5.0, 60.0), 0.24), at(subject("b", 5.0, 60.0), 0.21)];
    check(&truths[..1], &close, &[], "1=b a+1");
}

#[test]
fn what_is_to_be_ignored_counts_neither_way() {
    let event = at(subject("a", 10.0, 20.0), 0.2);
    check(&[], &[event], &[ignore(0.0, 15.0)], "a~");
    check(&[], &[event], &[ignore(0.0, 14.9)], "a!");
    check(&[], &[event], &[Ignore { kind: Some("camera.moved".into()), ..ignore(0.0, 30.0) }], "a!");
    check(&[], &[event], &[Ignore { kind: Some(KIND.into()), ..ignore(0.0, 30.0) }], "a~");
    check(&[], &[event], &[Ignore { zone: Some("gate".into()), ..ignore(0.0, 30.0) }], "a!");
    check(&[], &[event], &[Ignore { zone: Some("lane".into()), ..ignore(0.0, 30.0) }], "a~");
    let here = |x| Ignore { bbox: NormBox::new(x, 0.4, x + 0.1, 0.5).ok(), ..ignore(0.0, 30.0) };
    check(&[], &[event], &[here(0.6)], "a!");
    check(&[], &[event], &[here(0.6), here(0.22)], "a~");
    check(&[], &[subject("a", 10.0, 20.0)], &[here(0.22)], "a!");
    // What is true is found all the same; only what is left over is left out.
    let truth = [subject("1", 10.0, 20.0)];
    check(&truth, &[subject("a", 10.0, 20.0)], &[ignore(0.0, 30.0)], "1=a");
    check(&truth, &[subject("a", 10.0, 20.0), subject("b", 12.0, 20.0)], &[ignore(0.0, 30.0)], "1=a b~");
}

#[test]
fn what_came_nearest_is_told() {
    let one = at(subject("1", 10.0, 20.0), 0.2);
    let why = |others: &[Subject<'_>]| Why::of(&one, others);
    assert_eq!(why(&[]), Why::NoneOfKind);
    assert_eq!(why(&[Subject { kind: "camera.moved", ..one }]), Why::NoneOfKind);
    assert_eq!(why(&[Subject { zone: Some("gate"), ..one }]), Why::NoneInZone);
    let late = [subject("a", 50.0, 60.0), subject("b", 24.0, 30.0)];
    assert_eq!(why(&late), Why::NotThen { nearest: "b".into(), gap_s: 4.0 });
    let there = [at(subject("a", 10.0, 20.0), 0.6), subject("b", 24.0, 30.0)];
    assert_eq!(why(&there), Why::Elsewhere { nearest: "a".into(), iou: 0.0 });
    assert_eq!(why(&[subject("a", 10.0, 20.0)]), Why::Taken { nearest: "a".into() });
}
