//! Lanes: two streams of events that do not wait for each other (C4).

/// Which of the two streams a topic is in. Order holds within each of them; `Control` may overtake
/// a flood of `Events`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Lane {
    /// `events` and everything below it.
    #[default]
    Events,
    /// `control`, `admin` and everything below them.
    Control,
}

impl Lane {
    /// Both of them, the one that goes first in front.
    pub const ALL: [Self; 2] = [Self::Control, Self::Events];

    /// The lane of a topic's text, which need not be valid.
    pub fn of(topic: &[u8]) -> Self {
        match topic.strip_prefix(b"events") {
            Some([] | [b'.', ..]) => Self::Events,
            _ => Self::Control,
        }
    }
}

/// One of something for each lane.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PerLane<T> {
    /// For [`Lane::Events`].
    pub events: T,
    /// For [`Lane::Control`].
    pub control: T,
}

impl<T> std::ops::Index<Lane> for PerLane<T> {
    type Output = T;

    fn index(&self, lane: Lane) -> &T {
        match lane {
            Lane::Events => &self.events,
            Lane::Control => &self.control,
        }
    }
}

impl<T> std::ops::IndexMut<Lane> for PerLane<T> {
    fn index_mut(&mut self, lane: Lane) -> &mut T {
        match lane {
            Lane::Events => &mut self.events,
            Lane::Control => &mut self.control,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Lane;

    #[test]
    fn the_first_level_decides() {
        for (topic, lane) in [
            ("events", Lane::Events),
            ("events.process.lifecycle", Lane::Events),
            ("eventsx", Lane::Control),
            ("control.health.heartbeat", Lane::Control),
            ("admin", Lane::Control),
            ("", Lane::Control),
        ] {
            assert_eq!(Lane::of(topic.as_bytes()), lane, "{topic}");
        }
    }
}
