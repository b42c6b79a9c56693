//! The process itself: opens its part of the bus, runs its roles as threads, says goodbye.
//!
//! The main thread only reads orders, so that the end of its input ends the process at once,
//! whatever else hangs: no orphan survives the harness, even one killed with -9. A second
//! thread owns the bus's hosting part and does what concerns the process as a whole.

use std::io::BufRead;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use daemoneye_eventbus::EventBus;
use daemoneye_eventbus::clock::monotonic_ns;
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::sync::mpsc;

use super::assignment::{Assignment, Part};
use super::census;
use super::credits::Credits;
use super::executor::Executor;
use super::link::Link;
use super::protocol::{Done, Notice, Order};
use super::publisher::{Publisher, PublisherOrder};
use super::subscriber::{Subscriber, SubscriberOrder};
use super::void::VoidSubscriber;
use crate::driver::bus::{Hub, Opening, connect, remove_socket, shutdown_code};
use crate::plan::Operation;

/// Orders waiting for one role; the harness waits for answers, so that few ever do.
const ORDERS: usize = 1024;
/// Threads an actor has left when everything is over: the reader and the host.
const LAST_THREADS: i64 = 2;
/// Exit code of an actor whose harness is gone, or that cannot go on.
const ABANDONED: i32 = 4;

/// What concerns the process as a whole.
enum HostOrder {
    Statistics,
    Shutdown { id: u64, deadline: Duration },
    Finish,
}

/// The ways to the roles, kept by the thread that reads orders.
struct Roles {
    publishers: Vec<(usize, SyncSender<PublisherOrder>, Credits)>,
    subscribers: Vec<(usize, mpsc::Sender<SubscriberOrder>)>,
    host: SyncSender<HostOrder>,
}

/// A role's thread; it returns its complaints.
type RoleThread = JoinHandle<Vec<String>>;

/// Runs the actor until its harness lets it go.
pub(crate) fn run() -> ExitCode {
    let mut lines = std::io::stdin().lock().lines();
    // The first runtime of a process opens what all share and nobody closes (signals).
    drop(background_runtime());
    let descriptors = census::descriptors().unwrap_or_default();
    let Some(Ok(first)) = lines.next() else { return ExitCode::from(2) };
    let assignment = match serde_json::from_str::<Assignment>(&first) {
        Ok(assignment) => Arc::new(assignment),
        Err(cause) => {
            eprintln!("actor: the first line is no assignment: {cause}");
            return ExitCode::from(2);
        }
    };
    let link = Link::open();
    let (host, host_orders) = sync_channel(ORDERS);
    let mut roles = Roles { publishers: Vec::new(), subscribers: Vec::new(), host };
    let plans = roles.plan(&assignment);
    let hosts_socket = assignment.roles.contains(&Part::Bus) && !assignment.void;
    let socket = assignment.socket.clone();
    let setup = Setup { assignment, link: link.clone(), descriptors };
    let spawned = std::thread::Builder::new()
        .name("host".to_owned())
        .spawn(move || setup.host(plans, &host_orders));
    if let Err(cause) = spawned {
        eprintln!("actor: no thread: {cause}");
        return ExitCode::from(4);
    }
    for line in lines {
        let Ok(line) = line else { break };
        match Order::parse(&line) {
            Ok(order) => roles.dispatch(order),
            Err(cause) => link.tell(&Notice::Failed { reason: cause.to_string() }),
        }
    }
    // The harness is gone. Nothing is worth waiting for, and nobody else removes the socket.
    if hosts_socket {
        remove_socket(&socket);
    }
    std::process::exit(ABANDONED);
}

/// The receiving ends, on their way to the roles' threads.
struct Plans {
    publishers: Vec<(usize, Receiver<PublisherOrder>, Credits)>,
    subscribers: Vec<(usize, mpsc::Receiver<SubscriberOrder>)>,
}

impl Roles {
    fn plan(&mut self, assignment: &Assignment) -> Plans {
        let mut plans = Plans { publishers: Vec::new(), subscribers: Vec::new() };
        for role in &assignment.roles {
            match *role {
                Part::Bus => {}
                Part::Publisher(index) => {
                    let (sender, receiver) = sync_channel(ORDERS);
                    let credits = Credits::default();
                    self.publishers.push((index, sender, credits.clone()));
                    plans.publishers.push((index, receiver, credits));
                }
                Part::Subscriber(index) => {
                    let (sender, receiver) = mpsc::channel(ORDERS);
                    self.subscribers.push((index, sender));
                    plans.subscribers.push((index, receiver));
                }
            }
        }
        plans
    }

    fn dispatch(&self, order: Order) {
        match order {
            Order::Credit { publisher, allowed } => {
                if let Some((_, _, credits)) = self.find_publisher(publisher) {
                    credits.set(allowed);
                }
            }
            Order::Run { publisher, phase } => {
                if let Some((_, _, credits)) = self.find_publisher(publisher) {
                    // Credit of the phase before is void; the harness grants anew.
                    credits.set(0);
                }
                self.to_publisher(publisher, PublisherOrder::Run { phase });
            }
            Order::Fence { publisher, subscriber, number, phase } => {
                self.to_publisher(publisher, PublisherOrder::Fence { subscriber, number, phase });
            }
            Order::Grant { subscriber, events } => {
                self.to_subscriber(subscriber, SubscriberOrder::Grant { events });
            }
            Order::Phase { subscriber, phase } => {
                self.to_subscriber(subscriber, SubscriberOrder::Phase { phase });
            }
            Order::Drain { subscriber } => self.to_subscriber(subscriber, SubscriberOrder::Drain),
            Order::Operate { id, operation, phase } => self.operate(id, &operation, phase),
            Order::Statistics => self.to_host(HostOrder::Statistics),
            Order::Finish => {
                for (index, _, _) in &self.publishers {
                    self.to_publisher(*index, PublisherOrder::Finish);
                }
                for (index, _) in &self.subscribers {
                    self.to_subscriber(*index, SubscriberOrder::Finish);
                }
                self.to_host(HostOrder::Finish);
            }
        }
    }

    fn operate(&self, id: u64, operation: &Operation, phase: u32) {
        let (subscriber, order) = match *operation {
            Operation::Subscribe(subscriber) => (subscriber, SubscriberOrder::Subscribe { id }),
            Operation::Unsubscribe(subscriber) => (subscriber, SubscriberOrder::Unsubscribe { id }),
            Operation::DropReceiver(subscriber) => {
                (subscriber, SubscriberOrder::DropReceiver { id })
            }
            Operation::StopReading(subscriber) => {
                (subscriber, SubscriberOrder::Read { id, reading: false })
            }
            Operation::ResumeReading(subscriber) => {
                (subscriber, SubscriberOrder::Read { id, reading: true })
            }
            Operation::UnsubscribeUnknown => match self.subscribers.first() {
                Some((index, _)) => (*index, SubscriberOrder::UnsubscribeUnknown { id }),
                None => return,
            },
            Operation::Shutdown(deadline_ms) => {
                let deadline = Duration::from_millis(deadline_ms);
                return self.to_host(HostOrder::Shutdown { id, deadline });
            }
            Operation::PublishOne(publisher) => {
                return self.to_publisher(publisher, PublisherOrder::One { id, phase });
            }
        };
        self.to_subscriber(subscriber, order);
    }

    fn find_publisher(
        &self,
        index: usize,
    ) -> Option<&(usize, SyncSender<PublisherOrder>, Credits)> {
        self.publishers.iter().find(|(own, _, _)| *own == index)
    }

    /// A role that is gone has said why; the harness then hears it from its thread.
    fn to_publisher(&self, index: usize, order: PublisherOrder) {
        if let Some((_, sender, _)) = self.find_publisher(index) {
            let _ = sender.try_send(order);
        }
    }

    fn to_subscriber(&self, index: usize, order: SubscriberOrder) {
        if let Some((_, sender)) = self.subscribers.iter().find(|(own, _)| *own == index) {
            // Waiting here is safe: a subscriber takes orders before events.
            let _ = sender.blocking_send(order);
        }
    }

    fn to_host(&self, order: HostOrder) {
        let _ = self.host.send(order);
    }
}

/// What the host thread needs to open everything.
struct Setup {
    assignment: Arc<Assignment>,
    link: Link,
    descriptors: i64,
}

impl Setup {
    fn host(self, plans: Plans, orders: &Receiver<HostOrder>) {
        let link = self.link.clone();
        let opened = background_runtime().and_then(|runtime| {
            let (hub, threads) = self.open(plans, runtime.handle())?;
            Ok((runtime, hub, threads))
        });
        let (runtime, hub, threads) = match opened {
            Ok(opened) => opened,
            Err(reason) => {
                eprintln!("actor {}: {reason}", self.assignment.name);
                link.tell(&Notice::Failed { reason });
                std::process::exit(ABANDONED);
            }
        };
        link.tell(&Notice::Ready);
        let executor = Executor::for_this_thread();
        let entered = runtime.enter();
        while let Ok(order) = orders.recv() {
            match order {
                HostOrder::Statistics => link.tell(&statistics(&executor, hub.as_ref())),
                HostOrder::Shutdown { id, deadline } => {
                    link.tell(&shutdown(&executor, hub.as_ref(), id, deadline));
                }
                HostOrder::Finish => break,
            }
        }
        let complaints = close(&executor, hub, threads);
        drop(entered);
        drop(runtime);
        let done = self.goodbye(complaints);
        link.tell(&Notice::Done(done));
        std::process::exit(0);
    }

    /// Opens the bus's part of this process and starts its roles; returns once all are up.
    fn open(
        &self,
        plans: Plans,
        timers: &Handle,
    ) -> Result<(Option<Hub>, Vec<RoleThread>), String> {
        let opening = self.assignment.opening();
        let hosts = self.assignment.roles.contains(&Part::Bus);
        let hub = match (self.assignment.void, hosts) {
            (true, true) => Some(Hub::Void),
            (false, true) => Some(Hub::host(&opening).map_err(|cause| cause.to_string())?),
            (_, false) => None,
        };
        let (up, ups) = sync_channel(plans.publishers.len() + plans.subscribers.len() + 1);
        let mut threads = Vec::new();
        for (index, orders, credits) in plans.publishers {
            let bus = self.access(hub.as_ref(), &format!("p{index}"), timers)?;
            let (assignment, link, up) = self.parts(&up);
            threads.push(spawn(format!("p{index}"), move || {
                publisher_thread(index, assignment, bus, link, credits, &orders, &up)
            })?);
        }
        for (index, orders) in plans.subscribers {
            let bus = self.access(hub.as_ref(), &format!("s{index}"), timers)?;
            let (assignment, link, up) = self.parts(&up);
            threads.push(spawn(format!("s{index}"), move || {
                subscriber_thread(index, assignment, bus, link, orders, &up)
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
            (false, None) => Access::Far(self.assignment.opening(), name.to_owned()),
        })
    }

    fn goodbye(&self, complaints: Vec<String>) -> Done {
        super::settle::settle(|| census::threads().is_none_or(|threads| threads <= LAST_THREADS));
        Done {
            extra_descriptors: census::descriptors().map_or(0, |now| now - self.descriptors),
            extra_threads: census::threads().map_or(0, |now| now - LAST_THREADS),
            context_switches: census::context_switches(),
            complaints,
        }
    }
}

/// Waits for the roles, then closes the bus; returns what went wrong.
fn close(executor: &Executor, hub: Option<Hub>, threads: Vec<RoleThread>) -> Vec<String> {
    let mut complaints = Vec::new();
    for thread in threads {
        match thread.join() {
            Ok(more) => complaints.extend(more),
            Err(_) => complaints.push("a role panicked".to_owned()),
        }
    }
    if let Some(hub) = hub
        && let Err(cause) = executor.block_on(hub.shutdown(super::CLOSE_LIMIT))
    {
        complaints.push(format!("shutdown: {cause}"));
    }
    complaints
}

/// Whether a role came up.
type Up = Result<(), String>;

/// How a role gets at the bus.
enum Access {
    Void,
    /// A handle of the hub in this process, and the runtime whose timers it waits with.
    Near(Arc<dyn EventBus>, Handle),
    /// A connection of its own, under this name.
    Far(Opening, String),
}

fn spawn(
    name: String,
    role: impl FnOnce() -> Vec<String> + Send + 'static,
) -> Result<RoleThread, String> {
    std::thread::Builder::new().name(name).spawn(role).map_err(|cause| format!("thread: {cause}"))
}

fn publisher_thread(
    index: usize,
    assignment: Arc<Assignment>,
    access: Access,
    link: Link,
    credits: Credits,
    orders: &Receiver<PublisherOrder>,
    up: &SyncSender<Up>,
) -> Vec<String> {
    // A connected publisher's output runs on a thread of its own: this one sleeps and stamps.
    let mut runtime = None;
    let mut timers = None;
    let opened = match access {
        Access::Void => Ok(None),
        Access::Near(bus, handle) => {
            timers = Some(handle);
            Ok(Some(bus))
        }
        Access::Far(opening, name) => background_runtime().and_then(|own| {
            let bus = own.block_on(connect(&opening, &name)).map_err(|cause| cause.to_string())?;
            timers = Some(own.handle().clone());
            runtime = Some(own);
            Ok(Some(bus))
        }),
    };
    let made = opened.and_then(|bus| {
        Publisher::new(index, assignment, bus.clone(), link, credits)
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
    let mut complaints = publisher.run(orders);
    drop(entered);
    if let (Some(runtime), Some(bus)) = (runtime, bus) {
        if let Err(cause) = runtime.block_on(bus.shutdown(super::CLOSE_LIMIT)) {
            complaints.push(format!("p{index}: {cause}"));
        }
        drop(bus);
        drop(runtime);
    }
    complaints
}

fn subscriber_thread(
    index: usize,
    assignment: Arc<Assignment>,
    access: Access,
    link: Link,
    orders: mpsc::Receiver<SubscriberOrder>,
    up: &SyncSender<Up>,
) -> Vec<String> {
    let run = || -> Result<Vec<String>, String> {
        match access {
            Access::Void => {
                let subscriber = VoidSubscriber::new(index, assignment, link)?;
                let _ = up.send(Ok(()));
                Ok(subscriber.run(orders))
            }
            Access::Near(bus, timers) => {
                let _entered = timers.enter();
                let subscriber = Subscriber::new(index, assignment, bus, link)
                    .map_err(|cause| cause.to_string())?;
                let _ = up.send(Ok(()));
                Ok(Executor::for_this_thread().block_on(subscriber.run(orders)))
            }
            Access::Far(opening, name) => {
                let runtime = Builder::new_current_thread()
                    .enable_all()
                    .build()
                    .map_err(|cause| cause.to_string())?;
                runtime.block_on(async {
                    let bus = connect(&opening, &name).await.map_err(|cause| cause.to_string())?;
                    let subscriber = Subscriber::new(index, assignment, bus, link)
                        .map_err(|cause| cause.to_string())?;
                    let _ = up.send(Ok(()));
                    Ok(subscriber.run(orders).await)
                })
            }
        }
    };
    run().unwrap_or_else(|reason| {
        let _ = up.send(Err(reason));
        Vec::new()
    })
}

fn background_runtime() -> Result<Runtime, String> {
    Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .map_err(|cause| cause.to_string())
}

fn statistics(executor: &Executor, hub: Option<&Hub>) -> Notice {
    let Some(hub) = hub else {
        return Notice::Counters { statistics: None, why: "no bus here".to_owned() };
    };
    match executor.block_on(hub.statistics()) {
        Ok(statistics) => Notice::Counters { statistics: Some(statistics), why: String::new() },
        Err(cause) => Notice::Counters { statistics: None, why: cause.to_string() },
    }
}

fn shutdown(executor: &Executor, hub: Option<&Hub>, id: u64, deadline: Duration) -> Notice {
    let call_ns = monotonic_ns();
    let outcome = match hub {
        Some(hub) => shutdown_code(&executor.block_on(hub.shutdown(deadline))),
        None => "no-bus",
    };
    let return_ns = monotonic_ns();
    Notice::Operated { id, call_ns, return_ns, outcome: outcome.to_owned() }
}
