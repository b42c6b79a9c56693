//! What is kept, given back in order, and how often.

use daemoneye_eventbus::ProcessEvent;
use tempfile::TempDir;

use super::*;
use crate::config::{SpoolConfig, SpoolSync};

/// So many that they are read in three steps.
const EVENTS: u32 = 150;

fn open(folder: &TempDir) -> Kept {
    let config = SpoolConfig::default().with_sync(SpoolSync::Never);
    let (spool, _) = Spool::open(&config.with_folder(folder.path()), "test").unwrap();
    Kept::new(spool)
}

fn event(pid: u32) -> CollectionEvent {
    CollectionEvent::Process(ProcessEvent { pid, ..ProcessEvent::default() })
}

async fn next(kept: &mut Kept) -> u64 {
    kept.next().await.unwrap().record.unwrap().sequence
}

#[tokio::test]
async fn of_what_was_published_one_event_comes_again_at_most_when_its_process_dies() {
    for published in [1, 2, 63, 64, 65, 128, 150] {
        let folder = tempfile::tempdir().unwrap();
        let mut kept = open(&folder);
        let (left, _) = kept.keep((0..EVENTS).map(event).collect()).await;
        assert!(left.is_empty());
        for number in 1..=published {
            assert_eq!(next(&mut kept).await, number);
            kept.passed(number);
        }
        // Nothing more is written, as where a process is killed.
        drop(kept);
        assert_eq!(next(&mut open(&folder)).await, published);
    }
}
