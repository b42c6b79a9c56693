//! A room uses only what the table of `rooms` grants it; a package too.

use super::Finding;
use super::modules::{Crate, Meaning, Module};
use super::package::{Package, TargetKind};
use super::rooms::{GUARDS, Guard, LAYERS, Layer, Only};
use super::scan::PathUse;

/// Checks every path outside tests.
pub(super) fn check(crates: &[Crate]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for library in crates.iter().filter(|library| library.kind == TargetKind::Library) {
        let Some(layer) = LAYERS.iter().find(|layer| layer.package == library.package) else {
            continue;
        };
        for module in library.modules.iter().filter(|module| !module.test) {
            let Some(room) = module.path.first() else { continue };
            findings.extend(unknown_room(library, module, layer));
            for path in module.scan.paths.iter().filter(|path| !path.test) {
                match library.meaning(module, path) {
                    Meaning::Local(local) => {
                        let to = library.child_on(&[], &local);
                        let broken = to.and_then(|to| broken_rule(layer, room, to));
                        findings.extend(broken.map(|rule| {
                            Finding::new(&module.file, path.line, format!("layer: {rule}"))
                        }));
                    }
                    Meaning::External(_) => findings.extend(guarded(layer, module, room, path)),
                }
            }
        }
    }
    findings
}

/// Checks which packages of ours each of ours depends on.
pub(super) fn check_manifests(packages: &[Package]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for package in packages {
        let manifest = format!("{}/Cargo.toml", package.folder);
        let Some(layer) = LAYERS.iter().find(|layer| layer.package == package.name) else {
            if !package.folder.ends_with("fuzz") {
                let message = format!("package {} is not in the table of layers", package.name);
                findings.push(Finding::new(&manifest, 1, message));
            }
            continue;
        };
        let ours = LAYERS.iter().map(|layer| layer.package);
        for used in ours.filter(|name| package.dependencies.contains(*name)) {
            if used != layer.package && !layer.may_use.contains(&used) {
                let rule = granted(layer.package, layer.may_use);
                let message = format!("layer: {} → {used}, but {rule}", layer.package);
                findings.push(Finding::new(&manifest, 1, message));
            }
        }
    }
    findings
}

fn unknown_room(library: &Crate, module: &Module, layer: &Layer) -> Option<Finding> {
    let [name] = &module.path[..] else { return None };
    let known = layer.rooms.iter().any(|room| room.name == name);
    let root = &library.modules.first()?.file;
    (!known).then(|| {
        let message = format!("layer: room `{name}` of {} is not in the table", layer.package);
        Finding::new(root, module.declared, message)
    })
}

fn broken_rule(layer: &Layer, from: &str, to: &str) -> Option<String> {
    let room = layer.rooms.iter().find(|room| room.name == from)?;
    let allowed = from == to || room.may_use.contains(&to);
    (!allowed).then(|| format!("{from} → {to}, but {}", granted(from, room.may_use)))
}

fn granted(who: &str, may_use: &[&str]) -> String {
    match may_use {
        [] => format!("{who} may use no other"),
        some => format!("{who} may use only {}", some.join(", ")),
    }
}

fn guarded(layer: &Layer, module: &Module, room: &str, path: &PathUse) -> Option<Finding> {
    let guard =
        GUARDS.iter().find(|guard| guard.package == layer.package && guard.hits(path, room));
    guard.map(|guard| {
        let message = format!("layer: {room} → {}, but {}", path.written(), guard.why);
        Finding::new(&module.file, path.line, message)
    })
}

impl Guard {
    fn hits(&self, path: &PathUse, room: &str) -> bool {
        let about = path.segments.first().is_some_and(|first| first == self.library)
            && self.name.is_none_or(|name| path.segments.iter().any(|segment| segment == name));
        about
            && match self.only {
                Only::In(rooms) => !rooms.contains(&room),
                Only::NotIn(rooms) => rooms.contains(&room),
            }
    }
}

#[cfg(test)]
mod tests {
    use super::super::package;
    use super::super::tree::Tree;
    use super::{Crate, check, check_manifests};

    fn messages(package: &str, files: &[(&str, &str)]) -> Vec<String> {
        let manifest = format!("[package]\nname = '{package}'\n");
        let mut all = vec![("p/Cargo.toml", manifest.as_str())];
        all.extend(files);
        let tree = Tree::of(&all);
        let (packages, _) = package::all(&tree);
        let findings = check(&Crate::all(&tree, &packages));
        findings.iter().map(|f| format!("{}:{}: {}", f.path, f.line, f.message)).collect()
    }

    const BUS: &str = "daemoneye-eventbus";

    #[test]
    fn a_room_may_not_use_a_later_one() {
        let found = messages(
            BUS,
            &[
                ("p/src/lib.rs", "mod event; mod topic;"),
                ("p/src/event.rs", "//! E.\nuse crate::topic::Topic;"),
                ("p/src/topic.rs", "use crate::event::EventKind;"),
            ],
        );
        let expected = "p/src/event.rs:2: layer: event → topic, but event may use only clock";
        assert_eq!(found, [expected]);
    }

    #[test]
    fn broker_and_client_never_see_each_other() {
        let found = messages(
            BUS,
            &[
                ("p/src/lib.rs", "mod broker; mod client; pub use client::EventBusClient;"),
                ("p/src/broker.rs", "mod hub;"),
                ("p/src/broker/hub.rs", "fn f() { drop(super::super::EventBusClient::new()) }"),
                ("p/src/client.rs", "use crate::{broker::Hub};"),
            ],
        );
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[0].starts_with("p/src/broker/hub.rs:1: layer: broker → client"), "{found:?}");
    }

    #[test]
    fn tests_may_use_any_room() {
        let found = messages(
            BUS,
            &[
                ("p/src/lib.rs", "mod event; mod topic;"),
                ("p/src/event.rs", "#[cfg(test)]\nmod tests { use crate::topic::Topic; }"),
                ("p/src/topic.rs", ""),
            ],
        );
        assert!(found.is_empty(), "{found:?}");
    }

    #[test]
    fn every_room_is_in_the_table() {
        let found = messages(BUS, &[("p/src/lib.rs", "\nmod attic;"), ("p/src/attic.rs", "")]);
        assert_eq!(
            found,
            ["p/src/lib.rs:2: layer: room `attic` of daemoneye-eventbus is not in the table"]
        );
    }

    #[test]
    fn only_the_driver_touches_systems_and_the_oracle_has_its_own_matcher() {
        let found = messages(
            "equivalence",
            &[
                ("p/src/lib.rs", "mod check; mod driver;"),
                ("p/src/check.rs", "use daemoneye_eventbus::{EventKind, contract::Matcher};"),
                ("p/src/driver.rs", "use legacy_buses::Crossbeam; mod spawn;"),
                ("p/src/driver/spawn.rs", "use crate::check::Finding;"),
            ],
        );
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[0].contains("check → daemoneye_eventbus::contract::Matcher"), "{found:?}");
        assert!(found[1].contains("driver → check"), "{found:?}");
    }

    #[test]
    fn a_package_may_not_depend_on_a_later_one() {
        let manifest = "[package]\nname = 'daemoneye-eventbus'\n[dependencies]\nlegacy-buses = '1'";
        let tree = Tree::of(&[("bus/Cargo.toml", manifest)]);
        let findings = check_manifests(&package::all(&tree).0);
        assert_eq!(findings.len(), 1);
        assert!(findings[0].message.contains("daemoneye-eventbus → legacy-buses"));
    }
}
