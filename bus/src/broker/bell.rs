//! The bell: a thread that wakes receivers of this process in their publisher's stead.
//!
//! To wake a thread that sleeps costs more than to publish an event. Whoever publishes one event after
//! the other leaves it to the bell: until that gets to it more events gather, and receivers take many
//! of them each time they wake. It starts when it is first needed.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::task::Waker;
use std::thread::{self, JoinHandle};

use parking_lot::{Condvar, Mutex};

/// Wakes whoever is handed over to it.
#[derive(Debug, Default)]
pub(super) struct Bell {
    shared: Arc<Shared>,
    /// Once it was needed, and until it has ended.
    thread: Mutex<Option<JoinHandle<()>>>,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    rung: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// To be woken. A receiver has another waker here only once it was asked again since.
    sleepers: Vec<Waker>,
    stage: Stage,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Stage {
    /// Nobody has needed it yet.
    #[default]
    Absent,
    Waiting,
    Waking,
    Over,
}

/// What is left to do for sleepers that were handed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "a bell that waits wakes nobody until it is rung"]
pub(super) enum HandedOver {
    /// To call [`Bell::ring`], once locks are given back.
    Ring,
    /// Nothing: it is awake, or there were none.
    Nothing,
}

impl Bell {
    /// Takes over who is to be woken.
    pub(super) fn hand_over(&self, sleepers: &mut Vec<Waker>) -> HandedOver {
        if sleepers.is_empty() {
            return HandedOver::Nothing;
        }
        let mut state = self.shared.state.lock();
        if state.stage == Stage::Absent && self.start() {
            state.stage = Stage::Waking;
        }
        match state.stage {
            Stage::Waking => {
                state.sleepers.append(sleepers);
                HandedOver::Nothing
            }
            Stage::Waiting => {
                state.sleepers.append(sleepers);
                state.stage = Stage::Waking;
                HandedOver::Ring
            }
            // There is no thread, so this one does it.
            Stage::Absent | Stage::Over => {
                drop(state);
                sleepers.drain(..).for_each(Waker::wake);
                HandedOver::Nothing
            }
        }
    }

    /// Lets it begin.
    pub(super) fn ring(&self) {
        self.shared.rung.notify_one();
    }

    fn start(&self) -> bool {
        let shared = Arc::clone(&self.shared);
        let thread = thread::Builder::new().name("eventbus-bell".to_owned());
        match thread.spawn(move || shared.wake_all()) {
            Ok(thread) => {
                *self.thread.lock() = Some(thread);
                true
            }
            Err(error) => {
                tracing::warn!(%error, "the broker has no thread to wake receivers with");
                false
            }
        }
    }

    /// Wakes who is left, and takes the thread back.
    pub(super) fn end(&self) {
        self.shared.state.lock().stage = Stage::Over;
        self.ring();
        // Held until it has ended: whoever calls this meanwhile waits for that as well.
        let mut thread = self.thread.lock();
        // What it wakes may be the last to hold the broker.
        if let Some(thread) =
            thread.take().filter(|thread| thread.thread().id() != thread::current().id())
            && thread.join().is_err()
        {
            tracing::error!("the thread that wakes receivers panicked");
        }
    }
}

impl Drop for Bell {
    fn drop(&mut self) {
        self.end();
    }
}

impl Shared {
    fn wake_all(&self) {
        let mut sleepers = Vec::new();
        let mut state = self.state.lock();
        loop {
            std::mem::swap(&mut sleepers, &mut state.sleepers);
            if !sleepers.is_empty() {
                drop(state);
                sleepers.drain(..).for_each(wake);
                state = self.state.lock();
                continue;
            }
            if state.stage == Stage::Over {
                return;
            }
            state.stage = Stage::Waiting;
            self.rung.wait(&mut state);
        }
    }
}

/// Whose waker panics has not the others to pay for it.
fn wake(sleeper: Waker) {
    if catch_unwind(AssertUnwindSafe(|| sleeper.wake())).is_err() {
        tracing::error!("a receiver's waker panicked");
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
    use std::task::Wake;
    use std::time::{Duration, Instant};

    use super::*;

    /// Far above what any step needs; turns a hang into a failure.
    const WATCHDOG: Duration = Duration::from_secs(20);

    struct Sleeper(SyncSender<thread::ThreadId>);

    impl Wake for Sleeper {
        fn wake(self: Arc<Self>) {
            // A test that has ended does not listen.
            let _ = self.0.send(thread::current().id());
        }
    }

    fn sleeper() -> (Vec<Waker>, Receiver<thread::ThreadId>) {
        let (tell, told) = sync_channel(1);
        (vec![Waker::from(Arc::new(Sleeper(tell)))], told)
    }

    fn ring(bell: &Bell, sleepers: &mut Vec<Waker>) {
        if bell.hand_over(sleepers) == HandedOver::Ring {
            bell.ring();
        }
    }

    #[test]
    fn whoever_is_handed_over_is_woken_by_another_thread() {
        let bell = Bell::default();
        for _ in 0..1000 {
            let (mut sleepers, told) = sleeper();
            ring(&bell, &mut sleepers);
            let by = told.recv_timeout(WATCHDOG).expect("woken");
            assert_ne!(by, thread::current().id());
        }
    }

    #[test]
    fn one_that_ends_wakes_who_was_handed_over() {
        let bell = Bell::default();
        let (mut sleepers, told) = sleeper();
        // Not rung: its end does that.
        let _ = bell.hand_over(&mut sleepers);
        bell.end();
        told.recv_timeout(WATCHDOG).expect("woken");
    }

    #[test]
    fn after_its_end_nobody_is_left_asleep() {
        let bell = Bell::default();
        bell.end();
        let (mut sleepers, told) = sleeper();
        ring(&bell, &mut sleepers);
        assert_eq!(told.recv_timeout(WATCHDOG), Ok(thread::current().id()));
    }

    #[test]
    fn a_waker_that_panics_keeps_nobody_else_asleep() {
        struct Panics;
        impl Wake for Panics {
            fn wake(self: Arc<Self>) {
                panic!("as the test wants it");
            }
        }
        let bell = Bell::default();
        let (others, told) = sleeper();
        let mut sleepers = vec![Waker::from(Arc::new(Panics))];
        sleepers.extend(others);
        ring(&bell, &mut sleepers);
        told.recv_timeout(WATCHDOG).expect("woken");
    }

    #[test]
    fn the_last_holder_may_go_while_it_is_woken() {
        struct Holder(Mutex<Option<Bell>>, SyncSender<()>);
        impl Wake for Holder {
            fn wake(self: Arc<Self>) {
                drop(self.0.lock().take());
                let _ = self.1.send(());
            }
        }
        let (tell, told) = sync_channel(1);
        let holder = Arc::new(Holder(Mutex::default(), tell));
        let bell = Bell::default();
        let (mut first, woken) = sleeper();
        ring(&bell, &mut first);
        woken.recv_timeout(WATCHDOG).expect("it has a thread");
        // It wakes nobody before it is rung, and that is once the holder has it.
        let until = Instant::now() + WATCHDOG;
        while bell.shared.state.lock().stage != Stage::Waiting {
            assert!(Instant::now() < until, "it does not wait");
            thread::yield_now();
        }
        let mut sleepers = vec![Waker::from(Arc::clone(&holder))];
        assert_eq!(bell.hand_over(&mut sleepers), HandedOver::Ring);
        let shared = Arc::clone(&bell.shared);
        *holder.0.lock() = Some(bell);
        shared.rung.notify_one();
        told.recv_timeout(WATCHDOG).expect("the bell has ended by itself");
    }
}
