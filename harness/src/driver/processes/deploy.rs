//! Deployments: the same roles, grouped differently into processes (METHOD §1).

use crate::driver::actor::assignment::Part;
use crate::plan::{Case, Deployment};
use crate::record::Role;

/// One process to be: its name, what it is for, what it hosts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::driver) struct Group {
    pub(in crate::driver) name: String,
    pub(in crate::driver) role: Role,
    pub(in crate::driver) parts: Vec<Part>,
}

/// The processes of a case; the first one hosts the bus.
pub(in crate::driver) fn groups(case: &Case, deployment: Deployment) -> Vec<Group> {
    let publishers = 0..case.topology.publishers.len();
    let subscribers = 0..case.topology.subscribers.len();
    let alone = |role, letter: char, index: usize, part| Group {
        name: format!("{letter}{index}"),
        role,
        parts: vec![part],
    };
    let publisher = |index| alone(Role::Publisher, 'p', index, Part::Publisher(index));
    let per_process = case.topology.per_process();
    let shared = |first: usize| Group {
        name: format!("s{first}"),
        role: Role::Subscriber,
        parts: subscribers.clone().skip(first).take(per_process).map(Part::Subscriber).collect(),
    };
    let asked = asked(case);
    let desk = (!case.control.members.is_empty()).then_some(Part::Desk);
    let mut host = vec![Part::Bus];
    match deployment {
        Deployment::Process => {
            let broker = Group { name: "broker".to_owned(), role: Role::Broker, parts: host };
            let rest = publishers
                .map(publisher)
                .chain(subscribers.clone().step_by(per_process).map(shared));
            let desk = desk.map(|part| apart(case, part));
            std::iter::once(broker).chain(rest).chain(desk).chain(asked).collect()
        }
        Deployment::Agent => {
            host.extend(subscribers.map(Part::Subscriber));
            host.extend(desk);
            let agent = Group { name: "agent".to_owned(), role: Role::Host, parts: host };
            std::iter::once(agent).chain(publishers.map(publisher)).chain(asked).collect()
        }
        Deployment::Embedded | Deployment::InProcess => {
            host.extend(publishers.map(Part::Publisher));
            host.extend(subscribers.map(Part::Subscriber));
            host.extend(desk);
            host.extend(asked.into_iter().flat_map(|group| group.parts));
            vec![Group { name: "host".to_owned(), role: Role::Host, parts: host }]
        }
    }
}

/// Members and groups of callers, each in a process of its own.
fn asked(case: &Case) -> Vec<Group> {
    let members = (0..case.control.members.len()).map(Part::Member);
    let callers = (0..case.control.callers.len()).map(Part::Callers);
    members.chain(callers).map(|part| apart(case, part)).collect()
}

fn apart(case: &Case, part: Part) -> Group {
    let name = match part {
        Part::Callers(index) => case.control.callers[index].name.clone(),
        part => part.names(case).concat(),
    };
    Group { name, role: Role::Host, parts: vec![part] }
}

#[cfg(test)]
mod tests {
    use daemoneye_eventbus::EventSubscription;

    use super::*;
    use crate::plan::{PublisherSpec, SubscriberSpec};

    #[test]
    fn subscribers_share_a_process_only_where_each_has_one() {
        let subscriber = |_| SubscriberSpec::bare(EventSubscription::new("s").with_pattern("#"));
        let subscribers = (0..5).map(subscriber).collect();
        let mut case = Case::bare("deployed", vec![PublisherSpec::bare("p")], subscribers);
        let sizes = |case: &Case, deployment| -> Vec<usize> {
            groups(case, deployment).iter().map(|group| group.parts.len()).collect()
        };
        assert_eq!(sizes(&case, Deployment::Process), [1; 7]);
        case.topology.subscribers_per_process = Some(2);
        assert_eq!(sizes(&case, Deployment::Process), [1, 1, 2, 2, 1]);
        assert_eq!(sizes(&case, Deployment::Agent), [6, 1]);
        let names: Vec<String> =
            groups(&case, Deployment::Process).into_iter().map(|group| group.name).collect();
        assert_eq!(names, ["broker", "p0", "s0", "s2", "s4"]);
    }
}
