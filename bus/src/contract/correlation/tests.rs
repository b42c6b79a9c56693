//! Ids and their families (C8).

use std::collections::HashSet;

use super::{CorrelationId, CorrelationMetadata, EventId};

fn event(incarnation: u64, sequence: u64) -> EventId {
    EventId { publisher: "procmond".into(), incarnation, sequence }
}

#[test]
fn a_root_is_its_own_root_and_has_nothing_else() {
    let root = CorrelationMetadata::root("scan-7");
    assert_eq!(root.id, root.root);
    assert_eq!((root.parent, root.trace, root.stage), (None, None, None));
    assert_eq!((root.sequence, root.tags), (0, vec![]));
}

#[test]
fn text_converts_into_a_root() {
    let root = CorrelationMetadata::root("scan-7");
    assert_eq!(CorrelationMetadata::from("scan-7"), root);
    assert_eq!(CorrelationMetadata::from("scan-7".to_owned()), root);
}

#[test]
fn a_child_knows_its_parent_and_keeps_the_workflow() {
    let root = CorrelationMetadata {
        trace: Some("trace".into()),
        stage: Some("scan".into()),
        tags: vec![("team".into(), "red".into())],
        ..CorrelationMetadata::root("scan-7")
    };
    let child = root.child("scan-7/1");
    let expected = CorrelationMetadata {
        id: "scan-7/1".into(),
        parent: Some("scan-7".into()),
        sequence: 1,
        ..root.clone()
    };
    assert_eq!(child, expected);
    let grandchild = child.child("scan-7/1/1");
    assert_eq!((grandchild.parent, grandchild.root), (Some(child.id), root.id));
    assert_eq!(grandchild.sequence, 2);
}

#[test]
fn fresh_ids_differ_between_events_and_between_lives() {
    let ids = [event(1, 1), event(1, 2), event(2, 1), event(0, u64::MAX), event(u64::MAX, 0)];
    let texts: HashSet<_> =
        ids.iter().map(|id| CorrelationMetadata::derived(id).id.to_byte_string()).collect();
    assert_eq!(texts.len(), ids.len());
    assert!(texts.iter().all(|text| text.len() == 32), "{texts:?}");
}

#[test]
fn a_fresh_id_is_the_same_for_every_receiver() {
    assert_eq!(
        CorrelationMetadata::derived(&event(3, 4)),
        CorrelationMetadata::derived(&event(3, 4))
    );
}

#[test]
fn a_number_and_its_text_are_the_same_id() {
    let number = CorrelationId::derived(0xab, 0xcd);
    let text = CorrelationId::from("00000000000000ab00000000000000cd");
    assert_eq!(number, text);
    assert_eq!(text, number);
    assert!(number.is("00000000000000ab00000000000000cd"));
    assert!(!number.is("00000000000000AB00000000000000CD"));
    assert_ne!(number, CorrelationId::from("ab"));
    assert_eq!(HashSet::from([number.clone(), text]).len(), 1);
    assert_eq!(number.to_string(), "00000000000000ab00000000000000cd");
}
