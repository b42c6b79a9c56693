//! What each collector watches with, how that tells that it has begun, and how it is changed while
//! it runs.

use std::fmt;

use crate::config::{CollectorName, FsmondConfig, Settings};
use crate::control::LiveSource;
use crate::source::EventSource;
use crate::sources::network::NetworkScanner;
use crate::sources::performance::PerformanceScanner;
use crate::sources::process::ProcessScanner;
use crate::sources::{FilesystemSource, FirstScan, OrdersSender, Scanner, ScanningSource};

/// A source, and what is held of it once the runtime has it.
pub(super) struct Watching {
    pub(super) source: Box<dyn EventSource>,
    pub(super) first_scan: FirstScan,
    pub(super) live: Box<dyn LiveSource>,
}

/// The section of one source.
type Section<C> = fn(&Settings) -> &C;

/// Hands a source its section.
#[derive(Debug)]
struct Live<C> {
    orders: OrdersSender<C>,
    section: Section<C>,
}

impl<C: Clone + fmt::Debug + Send + Sync + 'static> LiveSource for Live<C> {
    fn configure(&self, settings: &Settings) {
        self.orders.configure((self.section)(settings).clone());
    }

    fn set_paused(&self, is_paused: bool) {
        self.orders.set_paused(is_paused);
    }

    fn is_paused(&self) -> bool {
        self.orders.is_paused()
    }
}

impl Watching {
    /// What this collector watches with; nothing is watched yet.
    pub(super) fn of(name: CollectorName, settings: &Settings) -> Self {
        match name {
            CollectorName::Procmond => {
                Self::scanning::<ProcessScanner>(settings, |settings| &settings.procmond)
            }
            CollectorName::Netmond => {
                Self::scanning::<NetworkScanner>(settings, |settings| &settings.netmond)
            }
            CollectorName::Perfmond => {
                Self::scanning::<PerformanceScanner>(settings, |settings| &settings.perfmond)
            }
            CollectorName::Fsmond => {
                let source = FilesystemSource::new(settings.fsmond.clone());
                let section: Section<FsmondConfig> = |settings| &settings.fsmond;
                let live = Box::new(Live { orders: source.orders(), section });
                Self { first_scan: source.first_scan(), live, source: Box::new(source) }
            }
        }
    }

    fn scanning<S: Scanner>(settings: &Settings, section: Section<S::Config>) -> Self {
        let source = ScanningSource::<S>::new(section(settings).clone());
        let live = Box::new(Live { orders: source.orders(), section });
        Self { first_scan: source.first_scan(), live, source: Box::new(source) }
    }
}
