//! What happens in a case of the control plane, step by step.

use super::page::Page;
use crate::plan::control::{Change, Control, Overreach, Proof, Step, Update};
use crate::scenario::shown_ms;

/// One item for each step, nothing where there are none.
pub(super) fn write(page: &mut Page, control: &Control) {
    if control.steps.is_empty() {
        return;
    }
    page.heading("What happens");
    for (step, number) in control.steps.iter().zip(1..) {
        page.item(&format!("{number}. "), &told(control, step));
    }
}

fn told(control: &Control, step: &Step) -> String {
    let name = |member: &usize| control.members[*member].name.as_str();
    match step {
        Step::Call { member, rounds, together } => {
            let held = if *together > 1 {
                format!(" It answers nobody before {together} have asked.")
            } else {
                String::new()
            };
            let times = times(*rounds);
            format!("Every caller asks {}{times}, all beside each other.{held}", name(member))
        }
        Step::Assign { tasks } => format!("The desk gives out {tasks} tasks."),
        Step::AwaitResults => "Until every task has a result.".to_owned(),
        Step::AwaitBegun { member, tasks } => {
            format!("Until {} has begun {tasks} tasks in all.", name(member))
        }
        Step::Hold { member } => format!("From now on {} finishes no task.", name(member)),
        Step::Release { member } => format!("{} finishes what it was held from.", name(member)),
        Step::Kill { member } => format!("The process of {} is killed (SIGKILL).", name(member)),
        Step::Freeze { member } => {
            format!("The process of {} stops running (SIGSTOP).", name(member))
        }
        Step::Thaw { member } => format!("The process of {} runs on (SIGCONT).", name(member)),
        Step::Say { member, health } => {
            format!("{} says of itself that it is {}.", name(member), health.as_str())
        }
        Step::AwaitHealth { member, health } => {
            format!("Until the desk knows that {} is {}.", name(member), health.as_str())
        }
        Step::AskHealth { overall } => {
            let whole = overall.as_str();
            format!("Every caller asks how everybody is; the whole must be {whole}.")
        }
        Step::Configure { member, update } => configured(name(member), update),
        Step::Gather { within_ms } => {
            let within = shown_ms(*within_ms);
            format!("The desk asks every member the same, and takes what there is after {within}.")
        }
        Step::TellWorkflows => "The desk tells of the workflows it has followed.".to_owned(),
        Step::Impersonate { member, with, times: often } => {
            let (name, shown, times) = (name(member), proof(*with), times(*often));
            format!("Every caller says that it is {name}, and shows {shown}{times}.")
        }
        Step::Overstep { member, wanted, times: often } => {
            let wanted = match wanted {
                Overreach::Publish(topic) => format!("publish on {topic}"),
                Overreach::Subscribe(pattern) => format!("subscribe to {pattern}"),
            };
            format!("{} asks the bus to {wanted}{}.", name(member), times(*often))
        }
    }
}

fn times(times: u64) -> String {
    if times == 1 { String::new() } else { format!(", {times} times") }
}

fn configured(name: &str, update: &Update) -> String {
    match update {
        Update::Validate(change) => {
            format!("The desk asks what {} would do to {name}.", changes(change))
        }
        Update::Apply(change) => format!("The desk sets {} of {name}.", changes(change)),
        Update::Rollback { to } => {
            format!("The desk takes the configuration of {name} back to version {to}.")
        }
    }
}

/// `batch-size=10, made for version 1`.
fn changes(change: &Change) -> String {
    let set: Vec<String> = change.set.iter().map(|(key, value)| format!("{key}={value}")).collect();
    let base = change.base.map_or_else(String::new, |base| format!(" (made for version {base})"));
    format!("{}{base}", set.join(", "))
}

fn proof(proof: Proof) -> &'static str {
    match proof {
        Proof::UsedToken => "the token that let that one in",
        Proof::WrongToken => "a token nobody issued",
        Proof::ExpiredToken => "a token whose time is over",
        Proof::TokenOfAnother => "a good token for its own name",
        Proof::NoToken => "nothing for it",
    }
}
