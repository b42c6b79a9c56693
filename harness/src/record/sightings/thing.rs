//! A thing the harness makes happen, to be seen by a real collector.

use daemoneye_eventbus::CollectionEvent;

use super::{Step, WatchedChild, WatchedFile, WatchedSocket};

/// One of them, as the harness knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Thing {
    /// A process.
    Child(WatchedChild),
    /// A file.
    File(WatchedFile),
    /// An end of a connection.
    Socket(WatchedSocket),
}

impl Thing {
    /// What happens to it, act by act, and which steps have to be told of each, once.
    pub fn acts(&self) -> &'static [&'static [Step]] {
        match self {
            Self::Child(child) if child.executable_sha256.is_some() => {
                &[&[Step::Started, Step::Hashed], &[Step::Exited]]
            }
            Self::Child(_) => &[&[Step::Started], &[Step::Exited]],
            Self::File(_) => &[&[Step::Created], &[Step::Modified], &[Step::Deleted]],
            Self::Socket(_) => &[&[Step::Opened], &[Step::Closed]],
        }
    }

    /// The step that an event about it tells. What a child ran before its `exec` may be hashed as
    /// well, and is not waited for.
    pub fn step_told_by(&self, event: &CollectionEvent) -> Option<Step> {
        let step = Step::told_by(event)?;
        let is_of_another_image = match (self, event) {
            (Self::Child(child), CollectionEvent::Process(seen)) => !child.is_marked(seen),
            _ => false,
        };
        (step != Step::Hashed || !is_of_another_image).then_some(step)
    }

    /// Every step that has to be told of it, in their order.
    pub fn steps(&self) -> impl Iterator<Item = Step> {
        self.acts().iter().flat_map(|steps| steps.iter().copied())
    }

    /// Which of these an event is about.
    pub fn find(things: &[Self], event: &CollectionEvent) -> Option<usize> {
        let all = things.iter().enumerate();
        match event {
            CollectionEvent::Process(seen) => {
                let children = all.filter_map(|(index, thing)| Some((index, thing.child()?)));
                WatchedChild::find(children, seen)
            }
            CollectionEvent::Filesystem(seen) => things.iter().position(
                |thing| matches!(thing, Self::File(file) if seen.path == file.path.as_str()),
            ),
            CollectionEvent::Network(seen) => things.iter().position(|thing| {
                matches!(thing, Self::Socket(socket)
                    if seen.local_address == socket.local_address.as_str()
                        && seen.remote_address == socket.remote_address.as_str())
            }),
            _ => None,
        }
    }

    /// As sentences name it.
    pub fn called(&self, index: usize) -> String {
        let number = self.numbered(index);
        match self {
            Self::Child(child) => format!("{number} (process {})", child.pid),
            Self::File(file) => format!("{number} ({})", file.path),
            Self::Socket(socket) => {
                let WatchedSocket { local_address, remote_address, .. } = socket;
                format!("{number} ({local_address} to {remote_address})")
            }
        }
    }

    /// The same where it stands for the things with this number of several runs.
    pub fn numbered(&self, index: usize) -> String {
        let sort = match self {
            Self::Child(_) => "child",
            Self::File(_) => "file",
            Self::Socket(_) => "socket",
        };
        format!("{sort} {index}")
    }

    /// The child, if it is one.
    pub fn child(&self) -> Option<&WatchedChild> {
        match self {
            Self::Child(child) => Some(child),
            _ => None,
        }
    }
}
