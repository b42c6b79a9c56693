//! CPU and memory of the measured tree, seen from outside it (METHOD §3).
//!
//! CPU from each process's own clock at the edges of the window, finished threads included;
//! memory, bytes queued in sockets included, of one process after the other while the driver waits:
//! reading it holds a processor for a third of a millisecond, and whoever is woken there waits that long.
//! A bus of many processes is held up no longer than a bus of one. The harness is never counted.

pub(super) mod latencies;
#[cfg(target_os = "linux")]
mod linux;
mod neighbours;
#[cfg(not(target_os = "linux"))]
mod other;

#[cfg(target_os = "linux")]
use linux as host;
#[cfg(not(target_os = "linux"))]
use other as host;

use std::time::{Duration, Instant};

use tokio::time::{Interval, MissedTickBehavior, interval_at};

use self::neighbours::Neighbours;
use crate::record::{
    ContextSwitches, HostLoad, Memory, MemoryMoments, Moment, ProcessFigures, Role,
};

pub(super) use host::{cpu_time, descriptors, memory, peak_resident};

/// Five times a second the memory of one process is read.
const SAMPLE_INTERVAL: Duration = Duration::from_millis(200);

/// Watches the processes of one trial.
pub(super) struct Meter {
    processes: Vec<Watched>,
    measuring: bool,
    ready: Vec<Memory>,
    samples: Vec<Sample>,
    drained: Vec<Memory>,
    window: Option<(Instant, Instant)>,
    /// Within a window: when memory is read.
    sampling: Option<Interval>,
    neighbours: Neighbours,
    sockets: host::Sockets,
    /// Why bytes queued in sockets could not be read, the first time.
    sockets_unread: Option<String>,
}

/// One look at all processes within the measured window.
struct Sample {
    at: Instant,
    /// Of every process, what was last read of it.
    memory: Vec<Memory>,
    /// Of every process, CPU time so far.
    cpu: Vec<Option<Duration>>,
}

struct Watched {
    name: String,
    role: Role,
    pid: u32,
    cpu_before: Option<Duration>,
    cpu: Option<Duration>,
    switches: Option<ContextSwitches>,
}

impl Meter {
    /// A meter; without `measuring` it only remembers who took part.
    pub(super) fn new(measuring: bool) -> Self {
        Self {
            processes: Vec::new(),
            measuring,
            ready: Vec::new(),
            samples: Vec::new(),
            drained: Vec::new(),
            window: None,
            sampling: None,
            neighbours: Neighbours::default(),
            sockets: host::Sockets::default(),
            sockets_unread: None,
        }
    }

    /// A process of the tree.
    pub(super) fn watch(&mut self, name: &str, role: Role, pid: u32) {
        self.processes.push(Watched {
            name: name.to_owned(),
            role,
            pid,
            cpu_before: None,
            cpu: None,
            switches: None,
        });
    }

    /// A server runs in the place of a process, and is measured for it: that one only keeps it.
    pub(super) fn serves(&mut self, process: usize, pid: u32) {
        if let Some(process) = self.processes.get_mut(process) {
            process.pid = pid;
        }
    }

    /// Waits for the next sample and takes it; for ever outside the window. Cancel safe.
    pub(super) async fn tick(&mut self) {
        match &mut self.sampling {
            Some(interval) => {
                interval.tick().await;
                self.sample_next();
            }
            None => std::future::pending().await,
        }
    }

    /// Everybody is up; nothing was published yet.
    pub(super) fn everybody_is_ready(&mut self) {
        if self.measuring {
            self.ready = self.whole_sample();
        }
    }

    /// A measured phase begins.
    pub(super) fn window_begins(&mut self) {
        if !self.measuring {
            return;
        }
        let first = self.whole_sample();
        self.keep(first);
        let now = Instant::now();
        self.window.get_or_insert((now, now));
        self.neighbours.begin();
        for process in &mut self.processes {
            process.cpu_before = cpu_time(process.pid);
        }
        // Not at once: every process has just been read.
        let mut interval =
            interval_at(tokio::time::Instant::now() + SAMPLE_INTERVAL, SAMPLE_INTERVAL);
        interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
        self.sampling = Some(interval);
    }

    /// The measured phase has ended and what was published has arrived.
    pub(super) fn window_ends(&mut self) {
        if !self.measuring {
            return;
        }
        for process in &mut self.processes {
            if let (Some(before), Some(now)) = (process.cpu_before, cpu_time(process.pid)) {
                let spent = now.saturating_sub(before);
                process.cpu = Some(process.cpu.unwrap_or_default() + spent);
            }
        }
        self.neighbours.end();
        self.sampling = None;
        let last = self.whole_sample();
        self.keep(last);
        if let Some((_, end)) = &mut self.window {
            *end = Instant::now();
        }
    }

    /// Everything has arrived, everybody still lives.
    pub(super) fn everything_is_drained(&mut self) {
        if self.measuring {
            self.drained = self.whole_sample();
        }
    }

    /// What a process said about itself at its end.
    pub(super) fn said(&mut self, process: usize, switches: Option<ContextSwitches>) {
        if let Some(process) = self.processes.get_mut(process) {
            process.switches = switches;
        }
    }

    /// Memory of every process, at a moment when nobody is measured.
    fn whole_sample(&mut self) -> Vec<Memory> {
        self.look_for_sockets();
        self.sample(|meter, at| memory(meter.processes[at].pid))
    }

    fn look_for_sockets(&mut self) {
        if let Err(why) = self.sockets.look(&self.pids()) {
            self.sockets_unread.get_or_insert(why);
        }
    }

    /// Memory of the process whose turn it is; of the others, what was read of them last.
    fn sample_next(&mut self) {
        let turn = self.samples.len() % self.processes.len().max(1);
        let sample = self.sample(|meter, at| match meter.samples.last() {
            Some(last) if at != turn => last.memory.get(at).copied(),
            _ => memory(meter.processes[at].pid),
        });
        self.keep(sample);
    }

    /// Keeps a sample of the window, with what everybody has run so far: its clock costs next to nothing to read.
    fn keep(&mut self, memory: Vec<Memory>) {
        let cpu = self.processes.iter().map(|process| cpu_time(process.pid)).collect();
        self.samples.push(Sample { at: Instant::now(), memory, cpu });
    }

    /// What is read of each process, with what is queued in its sockets now.
    fn sample(&mut self, read: impl Fn(&Self, usize) -> Option<Memory>) -> Vec<Memory> {
        let queued = self.queued();
        let of = |at: usize| Memory {
            socket_bytes: queued.as_ref().and_then(|bytes| bytes.get(at).copied()),
            ..read(self, at).unwrap_or_default()
        };
        (0..self.processes.len()).map(of).collect()
    }

    /// Bytes queued in the sockets of each process; `None` once they could not be read.
    fn queued(&mut self) -> Option<Vec<u64>> {
        let queued = self.sockets.queued();
        if let Err(why) = &queued {
            self.sockets_unread.get_or_insert_with(|| why.clone());
        }
        queued.ok().filter(|_| self.sockets_unread.is_none())
    }

    fn pids(&self) -> Vec<u32> {
        self.processes.iter().map(|process| process.pid).collect()
    }

    /// Why bytes queued in sockets are missing from some of the samples; `None` where they are in.
    pub(super) fn sockets_unread(&self) -> Option<&str> {
        self.sockets_unread.as_deref()
    }

    /// Anonymous memory and socket bytes of the whole tree in the sample with the most of it.
    pub(super) fn peak_bytes(&self) -> Option<u64> {
        self.samples.iter().map(|sample| held(&sample.memory)).filter(|bytes| *bytes > 0).max()
    }

    /// Growth of the tree's anonymous memory and socket bytes from ready to the end of the window, bytes.
    pub(super) fn growth_bytes(&self) -> Option<u64> {
        let last = self.samples.last()?;
        Some(held(&last.memory).saturating_sub(held(&self.ready)))
    }

    /// CPU of the whole tree in the window, seconds; `None` when any process's is unknown.
    pub(super) fn cpu_s(&self) -> Option<f64> {
        self.processes.iter().map(|process| Some(process.cpu?.as_secs_f64())).sum()
    }

    /// What the host did beside the tree in the window; `None` where it cannot tell.
    pub(super) fn host(&self) -> Option<HostLoad> {
        self.neighbours.load()
    }

    /// Context switches of the whole tree; `None` when any process's are unknown.
    pub(super) fn context_switches(&self) -> Option<u64> {
        let both = |switches: ContextSwitches| switches.voluntary + switches.involuntary;
        self.processes.iter().map(|process| process.switches.map(both)).sum()
    }

    /// Figures of every process.
    pub(super) fn figures(&self) -> Vec<ProcessFigures> {
        let figures = |(index, process): (usize, &Watched)| ProcessFigures {
            role: process.role,
            name: process.name.clone(),
            pid: process.pid,
            cpu_s: process.cpu.map(|cpu| cpu.as_secs_f64()),
            memory: self.moments(index),
            context_switches: process.switches,
            series: self.series(index),
            counted: Vec::new(),
        };
        self.processes.iter().enumerate().map(figures).collect()
    }

    /// What a process had used by each sample of the window, counted from the first.
    fn series(&self, index: usize) -> Vec<Moment> {
        let Some(first) = self.samples.first() else { return Vec::new() };
        let cpu = |sample: &Sample| sample.cpu.get(index).copied().flatten();
        let moment = |sample: &Sample| Moment {
            at_s: (sample.at - first.at).as_secs_f64(),
            cpu_s: cpu(sample)
                .zip(cpu(first))
                .map(|(now, then)| (now.saturating_sub(then)).as_secs_f64()),
            pss_bytes: sample.memory.get(index).map_or(0, |memory| memory.pss_bytes),
        };
        self.samples.iter().map(moment).collect()
    }

    fn moments(&self, index: usize) -> Option<MemoryMoments> {
        let (begin, end) = self.window?;
        let middle = begin + (end - begin) / 2;
        let distance = |at: Instant| at.max(middle) - at.min(middle);
        let mid = self.samples.iter().min_by_key(|sample| distance(sample.at))?;
        let peak = self.samples.iter().max_by_key(|one| one.memory[index].anonymous_bytes)?;
        let of = |sample: &[Memory]| sample.get(index).copied().unwrap_or_default();
        let moments = MemoryMoments {
            ready: of(&self.ready),
            mid: of(&mid.memory),
            peak: of(&peak.memory),
            drained: of(&self.drained),
        };
        (moments.peak.anonymous_bytes > 0).then_some(moments)
    }
}

/// What the gates take: what cannot be read is not in it, and said.
fn held(sample: &[Memory]) -> u64 {
    let bytes = |memory: &Memory| memory.anonymous_bytes + memory.socket_bytes.unwrap_or_default();
    sample.iter().map(bytes).sum()
}
