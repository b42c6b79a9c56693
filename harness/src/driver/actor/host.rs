//! The process itself: reads orders, hosts its part of the bus, says goodbye.
//!
//! The main thread only reads orders, so that the end of its input ends the process at once,
//! whatever else hangs: no orphan survives the harness, even one killed with -9. It waits for no
//! role and for no answer; waits elsewhere (roles that connect, a join, a close) need no limit of
//! their own, because the harness has one for each and this thread is never among them. A second
//! thread owns the bus's hosting part and does what concerns the process as a whole.

use std::io::BufRead;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::Duration;

use daemoneye_eventbus::clock::monotonic_ns;

use legacy_buses::broken::Fault;

use super::assignment::{Assignment, PROTOCOL, Part};
use super::census::{self, Whose};
use super::children;
use super::dispatch::{Ends, HostOrder, ORDERS, Roles};
use super::executor::Executor;
use super::link::Link;
use super::protocol::{Done, Notice, Order};
use super::setup::{RoleThread, Setup, background_runtime};
use crate::driver::bus::{Hub, remove_socket, shutdown_code};
use crate::driver::hop_notes::{self, names, write_log};

/// Threads an actor has left when everything is over: the reader and the host.
const LAST_THREADS: i64 = 2;
/// Exit code of an actor whose harness is gone, or that cannot go on.
const ABANDONED: i32 = 4;

/// Runs the actor until its harness lets it go.
pub(crate) fn run() -> ExitCode {
    let mut lines = std::io::stdin().lock().lines();
    // The first runtime of a process opens what all share and nobody closes (signals).
    drop(background_runtime());
    let descriptors = census::descriptors().unwrap_or_default();
    let Some(Ok(first)) = lines.next() else { return ExitCode::from(2) };
    let assignment = match serde_json::from_str::<Assignment>(&first) {
        Ok(Assignment { protocol, .. }) if protocol != PROTOCOL => {
            eprintln!("actor: the harness speaks protocol {protocol}, this revision {PROTOCOL}");
            return ExitCode::from(2);
        }
        Ok(assignment) => Arc::new(assignment),
        Err(cause) => {
            eprintln!("actor: the first line is no assignment: {cause}");
            return ExitCode::from(2);
        }
    };
    let link = Link::open();
    let (host, host_orders) = sync_channel(ORDERS);
    let (roles, ends) = Roles::plan(&assignment, host, link.clone());
    let hosts_socket = assignment.roles.contains(&Part::Bus) && !assignment.void;
    let socket = assignment.socket.clone();
    let hosts = assignment.roles.contains(&Part::Bus);
    let hops = assignment.follow_every.filter(|_| hosts).map(hop_notes::log);
    let host = Host { setup: Setup { assignment, link: link.clone(), hops }, descriptors };
    let spawned = std::thread::Builder::new()
        .name("host".to_owned())
        .spawn(move || host.run(ends, &host_orders));
    if let Err(cause) = spawned {
        eprintln!("actor: no thread: {cause}");
        return ExitCode::from(4);
    }
    for line in lines {
        let Ok(line) = line else { break };
        let obeyed = Order::parse(&line)
            .map_err(|cause| cause.to_string())
            .and_then(|order| roles.dispatch(order).map_err(|cause| cause.to_string()));
        if let Err(reason) = obeyed {
            // An order that was not obeyed would be waited for in vain.
            link.tell(&Notice::Failed { reason });
            break;
        }
    }
    // The harness is gone, or its orders cannot be obeyed. Nothing is worth waiting for, and
    // nobody else removes the socket.
    if hosts_socket {
        remove_socket(&socket);
        // A server in the place of this process would outlive it.
        children::end_all();
    }
    std::process::exit(ABANDONED);
}

/// The thread that hosts this process's part of the bus.
struct Host {
    setup: Setup,
    /// Open descriptors before anything was opened.
    descriptors: i64,
}

impl Host {
    fn run(self, ends: Ends, orders: &Receiver<HostOrder>) {
        let link = self.setup.link.clone();
        let opened = background_runtime().and_then(|runtime| {
            let (hub, threads) = self.setup.open(ends, runtime.handle())?;
            Ok((runtime, hub, threads))
        });
        let (runtime, hub, threads) = match opened {
            Ok(opened) => opened,
            Err(reason) => {
                eprintln!("actor {}: {reason}", self.setup.assignment.name);
                link.tell(&Notice::Failed { reason });
                std::process::exit(ABANDONED);
            }
        };
        let server = hub.as_ref().and_then(Hub::server);
        if let Some(pid) = server {
            link.tell(&Notice::Serves { pid });
        }
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
        let mut complaints = close(&executor, hub, threads);
        // Once nobody routes or writes any more.
        let path = names::bus(&self.setup.assignment.directory);
        complaints.extend(write_log(&path, self.setup.hops.as_ref()));
        drop(entered);
        drop(runtime);
        let done = self.goodbye(complaints, server.is_some());
        link.tell(&Notice::Done(done));
        if self.stays() {
            loop {
                std::thread::park();
            }
        }
        std::process::exit(0);
    }

    /// Whether a fault keeps this process from ending, to see whether the harness tells.
    fn stays(&self) -> bool {
        let fault = &self.setup.assignment.case.topology.bus.fault;
        fault.as_deref() == Some(Fault::StaysRunning.name())
    }

    /// What this process says at its end; of a server in its place, once that was waited for, the
    /// switches are the server's.
    fn goodbye(&self, complaints: Vec<String>, has_served: bool) -> Done {
        let switches = if has_served { Whose::Children } else { Whose::Own };
        let left_children = children::end_all();
        super::settle::settle(|| census::threads().is_none_or(|threads| threads <= LAST_THREADS));
        Done {
            extra_descriptors: census::descriptors().map_or(0, |now| now - self.descriptors),
            extra_threads: census::threads().map_or(0, |now| now - LAST_THREADS),
            left_children,
            context_switches: census::context_switches(switches),
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
