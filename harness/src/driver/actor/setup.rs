//! Opens the bus's part of a process and starts its roles, each a thread of its own.

use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::JoinHandle;

use daemoneye_eventbus::contract::Confirmation;
use daemoneye_eventbus::hops::HopLog;
use daemoneye_eventbus::{DaemoneyeEventBus, EventBus};
use tokio::runtime::{Builder, Handle, Runtime};

use super::assignment::{Assignment, Part};
use super::control::{self, Reach};
use super::dispatch::{Ends, PublisherEnd, SubscriberEnd};
use super::executor::Executor;
use super::link::Link;
use super::publisher::Publisher;
use super::subscriber::Subscriber;
use super::void::VoidSubscriber;
use crate::driver::bus::{Hub, Opening, connect};
use crate::driver::hop_notes::{self, write_log};
use crate::driver::peer;
use crate::driver::records::names;
use crate::driver::remote::behind_fault;
use crate::plan::{Victim, bus_name};
use crate::record::Resumption;

/// A role's thread; it returns its complaints.
pub(super) type RoleThread = JoinHandle<Vec<String>>;

/// What there is to know to open everything.
pub(super) struct Setup {
    pub(super) assignment: Arc<Assignment>,
    pub(super) link: Link,
    /// What notes hops in the process that hosts the bus, in a traced trial.
    pub(super) hops: Option<HopLog>,
}

impl Setup {
    /// Opens the bus's part of this process and starts its roles; returns once all are up.
    pub(super) fn open(
        &self,
        ends: Ends,
        timers: &Handle,
    ) -> Result<(Option<Hub>, Vec<RoleThread>), String> {
        let opening = Opening { hops: self.hops.clone(), ..self.assignment.opening() };
        let hosts = self.assignment.roles.contains(&Part::Bus);
        let hub = match (self.assignment.void, hosts) {
            (true, true) => Some(Hub::Void),
            (false, true) => Some(Hub::host(&opening).map_err(|cause| cause.to_string())?),
            (_, false) => None,
        };
        let roles = ends.publishers.len() + ends.subscribers.len() + ends.control.len();
        let (up, ups) = sync_channel(roles + 1);
        let mut threads = Vec::new();
        for end in ends.publishers {
            let index = end.index;
            let bus = self.access(hub.as_ref(), &bus_name::publisher(index), timers)?;
            let (assignment, link, up) = self.parts(&up);
            threads.push(spawn(bus_name::publisher(index), move || {
                publisher_thread(end, assignment, bus, link, &up)
            })?);
        }
        for end in ends.subscribers {
            let index = end.index;
            let bus = self.access(hub.as_ref(), &bus_name::subscriber(index), timers)?;
            let (assignment, link, up) = self.parts(&up);
            threads.push(spawn(bus_name::subscriber(index), move || {
                subscriber_thread(end, assignment, bus, link, &up)
            })?);
        }
        for end in ends.control {
            let reach = self.reach(hub.as_ref(), &end.part.names(&self.assignment.case))?;
            let (assignment, link, up) = self.parts(&up);
            threads.push(spawn(format!("{:?}", end.part), move || {
                control::run(end, &assignment, reach, &link, &up)
            })?);
        }
        drop(up);
        for _ in 0..threads.len() {
            ups.recv().map_err(|_| "a role ended before it was up".to_owned())??;
        }
        Ok((hub, threads))
    }

    fn parts(&self, up: &SyncSender<Up>) -> (Arc<Assignment>, Link, SyncSender<Up>) {
        (Arc::clone(&self.assignment), self.link.clone(), up.clone())
    }

    fn access(&self, hub: Option<&Hub>, name: &str, timers: &Handle) -> Result<Access, String> {
        Ok(match (self.assignment.void, hub) {
            (true, _) => Access::Void,
            (false, Some(hub)) => {
                let handle = hub.handle(name).ok_or("the void has no handles".to_owned())?;
                Access::Near(handle, timers.clone())
            }
            (false, None) => Access::Far(Box::new(self.assignment.opening()), name.to_owned()),
        })
    }

    /// The same for a role that may have several names.
    fn reach(&self, hub: Option<&Hub>, names: &[String]) -> Result<Reach, String> {
        let Some(hub) = hub else {
            return Ok(Reach::Far(Box::new(self.assignment.opening()), names.to_vec()));
        };
        let handle = |name: &String| Some((name.clone(), hub.handle(name)?));
        let handles: Option<Vec<_>> = names.iter().map(handle).collect();
        handles.map(Reach::Near).ok_or("the void has no handles".to_owned())
    }
}

/// Whether a role came up.
type Up = Result<(), String>;

/// How a role gets at the bus.
enum Access {
    Void,
    /// A handle of the hub in this process, and the runtime whose timers it waits with.
    Near(Arc<dyn EventBus>, Handle),
    /// A connection of its own, under this name.
    Far(Box<Opening>, String),
}

fn spawn(
    name: String,
    role: impl FnOnce() -> Vec<String> + Send + 'static,
) -> Result<RoleThread, String> {
    std::thread::Builder::new().name(name).spawn(role).map_err(|cause| format!("thread: {cause}"))
}

fn publisher_thread(
    end: PublisherEnd,
    assignment: Arc<Assignment>,
    access: Access,
    link: Link,
    up: &SyncSender<Up>,
) -> Vec<String> {
    let PublisherEnd { index, orders, credits, tally } = end;
    let may_be_cut_off = assignment.case.may_cut_off(Victim::Publisher(index));
    // A connected publisher's output runs on a thread of its own: this one sleeps and stamps.
    let mut runtime = None;
    let mut timers = None;
    let mut far = None;
    let mut hops = None;
    let directory = assignment.directory.clone();
    let opened = match access {
        Access::Void => Ok(None),
        Access::Near(bus, handle) => {
            timers = Some(handle);
            Ok(Some(bus))
        }
        Access::Far(opening, name) if opening.bus.is_peer() => {
            background_runtime().and_then(|own| {
                let bus = own.block_on(peer::publishing(opening.bus, &opening.socket, &name))?;
                timers = Some(own.handle().clone());
                runtime = Some(own);
                Ok(Some(bus))
            })
        }
        Access::Far(opening, name) => background_runtime().and_then(|own| {
            hops.clone_from(&opening.hops);
            let confirm = assignment.case.topology.publishers[index].confirm;
            let connected = own.block_on(connect(&opening, &name, confirm));
            let bus = connected.map_err(|cause| cause.to_string())?;
            timers = Some(own.handle().clone());
            runtime = Some(own);
            far = Some(Arc::clone(&bus));
            Ok(Some(behind_fault(opening.fault(), bus)))
        }),
    };
    let made = opened.and_then(|bus| {
        Publisher::new(index, assignment, bus.clone(), link, credits, tally)
            .map(|publisher| (publisher, bus))
    });
    let (publisher, bus) = match made {
        Ok(made) => made,
        Err(reason) => {
            let _ = up.send(Err(reason));
            return Vec::new();
        }
    };
    let entered = timers.as_ref().map(Handle::enter);
    let _ = up.send(Ok(()));
    let mut complaints = publisher.run(&orders);
    drop(entered);
    if let Some(far) = far {
        complaints.extend(note_resumed(&directory, index, &far));
    }
    if let (Some(runtime), Some(bus)) = (runtime, bus) {
        // Who may be cut off by the plan cannot hand over what it still holds.
        if let (Err(cause), false) =
            (runtime.block_on(bus.shutdown(super::CLOSE_LIMIT)), may_be_cut_off)
        {
            complaints.push(format!("{}: {cause}", bus_name::publisher(index)));
        }
        drop(bus);
        drop(runtime);
    }
    complaints.extend(write_log(&hop_notes::names::publisher(&directory, index), hops.as_ref()));
    complaints
}

fn subscriber_thread(
    end: SubscriberEnd,
    assignment: Arc<Assignment>,
    access: Access,
    link: Link,
    up: &SyncSender<Up>,
) -> Vec<String> {
    let SubscriberEnd { index, orders, tally } = end;
    let run = || -> Result<Vec<String>, String> {
        match access {
            Access::Void => {
                let subscriber = VoidSubscriber::new(index, assignment, link, tally)?;
                let _ = up.send(Ok(()));
                Ok(subscriber.run(orders))
            }
            Access::Near(bus, timers) => {
                let _entered = timers.enter();
                let subscriber = Subscriber::new(index, assignment, bus, link, tally)
                    .map_err(|cause| cause.to_string())?;
                let _ = up.send(Ok(()));
                Ok(Executor::for_this_thread().block_on(subscriber.run(orders)))
            }
            Access::Far(opening, name) => {
                let runtime = Builder::new_current_thread()
                    .enable_all()
                    .build()
                    .map_err(|cause| cause.to_string())?;
                let up = up.clone();
                let hops = opening.hops.clone();
                let path = hop_notes::names::subscriber(&assignment.directory, index);
                // A task, as the client's reader is: what a task wakes runs next, while the future
                // of `block_on` itself is polled only after another look at the sockets.
                let reading = runtime.spawn(async move {
                    let bus = subscribing(&opening, &name).await?;
                    let subscriber = Subscriber::new(index, assignment, bus, link, tally)
                        .map_err(|cause| cause.to_string())?;
                    let _ = up.send(Ok(()));
                    Ok(subscriber.run(orders).await)
                });
                let read: Result<Vec<String>, String> =
                    runtime.block_on(reading).map_err(|cause| cause.to_string())?;
                let mut complaints = read?;
                complaints.extend(write_log(&path, hops.as_ref()));
                Ok(complaints)
            }
        }
    };
    run().unwrap_or_else(|reason| {
        let _ = up.send(Err(reason));
        Vec::new()
    })
}

/// A subscriber's handle to the broker in another process.
async fn subscribing(opening: &Opening, name: &str) -> Result<Arc<dyn EventBus>, String> {
    if opening.bus.is_peer() {
        return peer::subscribing(opening.bus, &opening.socket);
    }
    let connected = connect(opening, name, Confirmation::Fire).await;
    Ok(behind_fault(opening.fault(), connected.map_err(|cause| cause.to_string())?))
}

/// Writes down what broken connections have cost a publisher, if one broke; returns what could not be
/// written.
fn note_resumed(directory: &Path, index: usize, bus: &DaemoneyeEventBus) -> Option<String> {
    let resumed = Resumption::from(bus.resumed());
    if resumed.times == 0 {
        return None;
    }
    let text = serde_json::to_vec(&resumed).ok()?;
    let wrote = std::fs::write(names::resumed(directory, index), text);
    wrote.err().map(|cause| format!("what was told to publisher {index}: {cause}"))
}

/// A runtime with one thread of its own.
pub(super) fn background_runtime() -> Result<Runtime, String> {
    Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .map_err(|cause| cause.to_string())
}
