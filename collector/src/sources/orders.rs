//! What a source is told while it runs: to look otherwise, or not at all for a while.
//!
//! A source takes the newest orders between two looks; those it missed are as good as never given.

use tokio::sync::watch;

/// How a source shall work from now on.
#[derive(Debug, Clone)]
pub(super) struct Orders<C> {
    /// What of it can change while it runs is the source's to say.
    pub(super) config: C,
    /// Whether it shall not look for a while.
    pub(super) is_paused: bool,
}

/// Tells a source; clones tell the same one.
#[derive(Debug, Clone)]
pub(crate) struct OrdersSender<C> {
    orders: watch::Sender<Orders<C>>,
}

impl<C: Clone> OrdersSender<C> {
    /// To look, as configured.
    pub(super) fn new(config: C) -> Self {
        Self { orders: watch::Sender::new(Orders { config, is_paused: false }) }
    }

    /// The source's side; what holds now counts as seen.
    pub(super) fn subscribe(&self) -> watch::Receiver<Orders<C>> {
        self.orders.subscribe()
    }

    /// What holds now.
    pub(super) fn current(&self) -> Orders<C> {
        self.orders.borrow().clone()
    }

    /// Looks by this configuration from its next look on.
    pub(crate) fn configure(&self, config: C) {
        self.orders.send_modify(|orders| orders.config = config);
    }

    /// Ceases to look, or goes on at once.
    pub(crate) fn set_paused(&self, is_paused: bool) {
        self.orders.send_if_modified(|orders| {
            std::mem::replace(&mut orders.is_paused, is_paused) != is_paused
        });
    }

    /// Whether it shall not look.
    pub(crate) fn is_paused(&self) -> bool {
        self.orders.borrow().is_paused
    }
}
