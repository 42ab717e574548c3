//! Every form ever shipped stays readable: one fixture per message and version.

use gridwatch_domain::{
    Direction, DomainError, EventKind, Phase,
    wire::{AckMessage, CameraStateMessage, EventMessage, Message},
};

const EVENT_V1: &str = include_str!("fixtures/event-v1.json");

#[test]
fn event_v1_reads_and_writes_back_the_same() {
    let message = EventMessage::from_json(EVENT_V1.as_bytes()).expect("the fixture is valid");
    assert_eq!(message.event.kind, EventKind::FireLane);
    assert_eq!(message.event.phase, Phase::Update);
    assert_eq!(message.seq, 1234);
    assert_eq!(EventMessage::from_json(&message.to_json()).expect("our own form"), message);
}

/// What rules of other kinds say, as it was first shipped.
#[test]
fn event_v1_of_other_kinds_reads_and_writes_back_the_same() {
    let read = |text: &str| EventMessage::from_json(text.as_bytes()).expect("the fixture is valid");
    let contact = read(include_str!("fixtures/event-v1-contact.json"));
    assert_eq!(contact.event.kind, EventKind::ContactSuspected);
    assert_eq!((contact.event.objects.len(), contact.event.rule.distance_m), (2, Some(0.2)));
    let crowd = read(include_str!("fixtures/event-v1-crowd.json"));
    assert_eq!(
        (crowd.event.kind, crowd.event.rule.least, crowd.event.rule.most),
        (EventKind::Crowd, Some(5), Some(7))
    );
    let crossing = read(include_str!("fixtures/event-v1-crossing.json"));
    assert_eq!(
        (crossing.event.kind, crossing.event.rule.direction),
        (EventKind::WrongWay, Some(Direction::Against))
    );
    for message in [contact, crowd, crossing] {
        assert_eq!(read(&String::from_utf8(message.to_json()).expect("JSON")), message);
    }
}

/// As it was first shipped, and with what has been added since.
#[test]
fn camera_v1_reads_and_writes_back_the_same() {
    let read = |text: &str| CameraStateMessage::from_json(text.as_bytes()).expect("the fixture is valid");
    let first = read(include_str!("fixtures/camera-v1.json"));
    assert_eq!((first.zones.len(), first.gate.as_ref(), first.troubles.len()), (1, None, 0));
    let text = String::from_utf8(first.to_json()).expect("JSON");
    assert!(
        !text.contains("gate\":{") && !text.contains("troubles"),
        "what is not there is not written: {text}"
    );
    let grown = read(include_str!("fixtures/camera-v1-gate.json"));
    assert_eq!(
        grown.gate.as_ref().map(|gate| (gate.level.as_str(), gate.reason.as_str())),
        Some(("rest", "quiet"))
    );
    assert_eq!(grown.troubles[0].kind, EventKind::CameraCovered.as_str());
    let reasons = read(include_str!("fixtures/camera-v1-reasons.json"));
    assert_eq!(
        (reasons.reason_code.as_deref(), reasons.not_kept_code.as_deref()),
        (Some("unauthorized"), Some("not_found"))
    );
    let watching = read(include_str!("fixtures/camera-v1-lines.json"));
    assert_eq!((watching.lines.len(), watching.groups[0].bays.len()), (1, 2));
    for message in [first, grown, reasons, watching] {
        assert_eq!(read(&String::from_utf8(message.to_json()).expect("JSON")), message);
    }
}

#[test]
fn contradictions_and_other_schemas_are_refused() {
    let with = |from: &str, to: &str| EventMessage::from_json(EVENT_V1.replace(from, to).as_bytes());
    assert!(matches!(with("gridwatch.event/1", "gridwatch.event/9"), Err(DomainError::Schema { .. })));
    assert!(matches!(with("\"rev\": 2", "\"rev\": 0"), Err(DomainError::Event(_))));
    assert!(matches!(with("\"update\"", "\"close\""), Err(DomainError::Event(_))));
    assert!(matches!(with("\"update\"", "\"open\""), Err(DomainError::Event(_))));
    assert!(matches!(with("0.55, 0.71", "0.31, 0.71"), Err(DomainError::Json(_))));
    assert!(matches!(with("520121002003007", "5201"), Err(DomainError::Json(_))));
    assert!(matches!(AckMessage::from_json(b"\xff"), Err(DomainError::Json(_))));
}

#[test]
fn an_unknown_field_of_a_later_version_is_passed_over() {
    let later = EVENT_V1.replacen("\"rev\"", "\"weather\": \"rain\", \"rev\"", 1);
    assert!(EventMessage::from_json(later.as_bytes()).is_ok());
}
