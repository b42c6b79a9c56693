//! C6: what is told of a thing is what the harness knows of it.

use daemoneye_eventbus::CollectionEvent;
use daemoneye_eventbus::event::{FilesystemEvent, FilesystemOperation, NetworkEvent};

use super::children::Early;
use super::numbers;
use crate::check::found::Found;
use crate::check::report::Check;
use crate::record::{Sightings, Thing, WatchedFile, WatchedSocket};

/// Fields of an event about a file that the harness knows.
const OF_A_FILE: u64 = 1;
/// Fields of an event about a socket that the harness knows.
const OF_A_SOCKET: u64 = 2;

pub(super) fn check(sightings: &Sightings, found: &mut Found<'_>) {
    let mut early = Early::default();
    for (received, index) in sightings.told() {
        let Some(index) = index else { continue };
        let thing = &sightings.things[index];
        let (fields, wrong) = match (thing, &received.event) {
            (Thing::Child(child), CollectionEvent::Process(seen)) => {
                early.judge(seen, (index, child), &sightings.parent)
            }
            (Thing::File(file), CollectionEvent::Filesystem(seen)) => {
                (OF_A_FILE, of_file(seen, file))
            }
            (Thing::Socket(socket), CollectionEvent::Network(seen)) => {
                (OF_A_SOCKET, of_socket(seen, socket))
            }
            _ => continue,
        };
        found.judged(Check::Content, fields);
        for difference in wrong {
            found.violated_by(Check::Content, &[numbers::message(received)], || {
                format!("{} was seen with {difference}", thing.called(index))
            });
        }
    }
}

/// Its size, once it is written: it may have any when it is seen created, and nobody can look any
/// more once it is gone.
fn of_file(seen: &FilesystemEvent, file: &WatchedFile) -> Vec<String> {
    let known = Some(file.written_bytes);
    let is_right = seen.operation != FilesystemOperation::Modified || seen.size_bytes == known;
    let wrong = (!is_right).then(|| format!("size {:?}, not {known:?}", seen.size_bytes));
    wrong.into_iter().collect()
}

/// The owner of a connection is told as soon as it has one: once it is accepted.
fn of_socket(seen: &NetworkEvent, socket: &WatchedSocket) -> Vec<String> {
    let mut wrong = Vec::new();
    if seen.protocol != "tcp" {
        wrong.push(format!("protocol {:?}, not \"tcp\"", seen.protocol));
    }
    let is_nobody_s_yet = seen.pid.is_none() && socket.may_be_unaccepted(seen);
    if seen.pid != Some(socket.pid) && !is_nobody_s_yet {
        wrong.push(format!("owner {:?}, not {}", seen.pid, socket.pid));
    }
    wrong
}
