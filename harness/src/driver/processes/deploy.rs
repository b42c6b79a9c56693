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
    let subscriber = |index| alone(Role::Subscriber, 's', index, Part::Subscriber(index));
    let mut host = vec![Part::Bus];
    match deployment {
        Deployment::Process => {
            let broker = Group { name: "broker".to_owned(), role: Role::Broker, parts: host };
            let rest = publishers.map(publisher).chain(subscribers.map(subscriber));
            std::iter::once(broker).chain(rest).collect()
        }
        Deployment::Agent => {
            host.extend(subscribers.map(Part::Subscriber));
            let agent = Group { name: "agent".to_owned(), role: Role::Host, parts: host };
            std::iter::once(agent).chain(publishers.map(publisher)).collect()
        }
        Deployment::Embedded | Deployment::InProcess => {
            host.extend(publishers.map(Part::Publisher));
            host.extend(subscribers.map(Part::Subscriber));
            vec![Group { name: "host".to_owned(), role: Role::Host, parts: host }]
        }
    }
}
