//! Agents that misbehave, played by scripts: what the driver makes of each.

use std::fs;

use tempfile::TempDir;

use super::*;
use crate::driver::identity::Identity;
use crate::driver::played;
use crate::record::{AgentEnd, Role};

/// What a script says to be taken for an agent with no collectors.
const READY: &str = r#"printf '{"ready":"daemoneye-agent","pid":%s,"bus_type":"local","socket_path":null,"collectors":[%s]}\n' $$ "$collectors""#;

/// Runs a host case with a script for an agent; `$folder` is the runtime folder, `$record` the
/// record, `$said` the command line.
fn driven(script: &str, children: u64) -> Result<HostDriven, DriveError> {
    let folder = tempfile::tempdir().expect("a folder");
    let agent = program(&folder, script);
    let patterns = ["events.process.lifecycle".to_owned()];
    let request = HostRequest {
        // A child that ends with its input, whatever its arguments.
        executable: &child_program(&folder),
        bus: Bus::Process,
        patterns: &patterns,
        makes: &[(ThingKind::Child, children)],
        budget: Duration::from_mins(1),
        directory: folder.path(),
    };
    let (_teller, interrupt) = Interrupt::new();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(run_host(&agent, &request, interrupt))
}

/// Runs a switch with a script for each agent; `$config` is the configuration file.
fn switched(script: &str, fault: Option<SwitchFault>) -> Result<SwitchDriven, DriveError> {
    let folder = tempfile::tempdir().expect("a folder");
    let agent = program(&folder, script);
    let request = HostRequest {
        executable: &child_program(&folder),
        bus: Bus::Process,
        patterns: &["events.#".to_owned()],
        makes: &[(ThingKind::Child, 0)],
        budget: Duration::from_mins(1),
        directory: folder.path(),
    };
    let (_teller, interrupt) = Interrupt::new();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.expect("a runtime");
    runtime.block_on(run_switch(&agent, &request, fault, interrupt))
}

fn program(folder: &TempDir, script: &str) -> PathBuf {
    let begin = r#"#!/bin/sh
said="$*"
while [ $# -gt 0 ]; do
  case "$1" in
    --socket) folder=${2%/run/bus}; shift;;
    --record) record=$2; shift;;
    --config) config=$2; shift;;
  esac
  shift
done
"#;
    played::script(folder.path(), "agent", &format!("{begin}{}", script.replace("READY", READY)))
}

fn child_program(folder: &TempDir) -> PathBuf {
    played::script(folder.path(), "child", "#!/bin/sh\nread line\n")
}

/// Ready at once, and at the end of its input the end of this script.
fn ending(how: &str) -> String {
    format!("trap '' TERM\nREADY\nread line\n{how}")
}

fn error(script: &str, children: u64) -> String {
    driven(script, children).expect_err("the agent misbehaves").to_string()
}

#[test]
fn an_agent_that_dies_at_once_is_told_with_its_last_words() {
    let told = error("echo 'error: no bus' >&2; exit 4", 1);
    assert!(told.contains("daemoneye-agent ended before it was ready"), "{told}");
    assert!(told.ends_with("its last words:\nerror: no bus"), "{told}");
}

#[test]
fn an_agent_that_dies_while_it_watches_is_told_with_its_last_words_alone() {
    let many = "i=0; while [ $i -lt 30 ]; do echo line $i >&2; i=$((i+1)); done";
    let told = error(&format!("READY\n{many}\necho 'error: lost' >&2; exit 4"), 1);
    assert!(told.contains("daemoneye-agent ended unasked: exit status: 4"), "{told}");
    assert!(told.contains("line 29\nerror: lost") && !told.contains("line 10\n"), "{told}");
}

#[test]
fn an_agent_that_goes_on_without_its_collector_is_told() {
    let collector = r#"sleep 600 & pid=$!
collectors=$(printf '{"ready":"procmond","pid":%s,"first_scan_events":1}' $pid)
READY
kill -9 $pid; wait $pid; cat"#;
    let told = error(collector, 1);
    assert!(told.contains("after its collector procmond (process"), "{told}");
}

#[test]
fn an_agent_that_ends_in_order_leaves_nothing() {
    let driven = driven(&ending("exit 0"), 0).expect("driven");
    assert_eq!(driven.sightings.end, AgentEnd::InOrder);
    assert_eq!(driven.tear_down, TearDown::default());
    assert_eq!(driven.processes.len(), 1);
    assert_eq!(driven.processes[0].role, Role::Agent);
    assert!(driven.processes[0].cpu_s.is_some());
}

#[test]
fn a_collector_and_a_socket_that_remain_are_told_and_ended() {
    // Nobody told of the collector: its arguments betray it.
    let folder = tempfile::tempdir().expect("a folder");
    let begin = r#"mkdir "$folder/run"; : > "$folder/run/bus"
tail -f "$folder/run/bus" > /dev/null 2>&1 & echo $! > "#;
    let script = format!("{begin}{}\n{}", folder.path().join("pid").display(), ending("exit 0"));
    let driven = driven(&script, 0).expect("driven");
    let pid = fs::read_to_string(folder.path().join("pid")).expect("written");
    assert_eq!(driven.tear_down.killed, [format!("tail (process {})", pid.trim())]);
    assert_eq!(driven.tear_down.sockets.len(), 1);
    assert!(driven.tear_down.sockets[0].ends_with("/run/bus"));
    let pid = pid.trim().parse().expect("a number");
    while Identity::of(pid).is_some() {
        std::thread::yield_now();
    }
}

#[test]
fn an_agent_that_fails_at_its_end_is_no_infrastructure_error() {
    let script = ending("echo 'error: undelivered' >&2; exit 1");
    let driven = driven(&script, 0).expect("driven");
    let how = "exit status: 1".to_owned();
    let last_words = "error: undelivered".to_owned();
    assert_eq!(driven.sightings.end, AgentEnd::Failed { how, last_words });
}

#[test]
fn the_agents_of_a_switch_have_one_command_line_and_find_another_bus_in_their_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = folder.path().join("log");
    let tell = r#"echo "$said; $(grep bus_type "$config"); $DAEMONEYE_FSMOND__HASH_CONTENT""#;
    let script = format!("{tell} >> {}\n{}", log.display(), ending("exit 0"));
    let driven = switched(&script, Some(SwitchFault::ChangesMore)).expect("driven");
    let lines = fs::read_to_string(&log).expect("written");
    let started: Vec<Vec<&str>> = lines.lines().map(|line| line.split("; ").collect()).collect();
    let command = started[0][0];
    assert!(command.starts_with("--config ") && !command.contains("--bus"), "{command}");
    let lines = ["bus_type = \"local\"", "bus_type = \"daemoneye\"", "bus_type = \"local\""];
    let wanted = [(lines[0], ""), (lines[1], "true"), (lines[2], "")];
    assert_eq!(started, wanted.map(|(line, more)| vec![command, line, more]));
    for (turn, line) in driven.turns.iter().zip(lines) {
        assert!(turn.configuration.lines().any(|own| own == line), "{}", turn.configuration);
    }
    let names: Vec<&str> = driven.processes.iter().map(|one| one.name.as_str()).collect();
    let whose = ["before the switch", "after the switch", "after the way back"];
    assert_eq!(names, whose.map(|when| format!("daemoneye-agent {when}")));
    assert_eq!(driven.tear_down, TearDown::default());
}

#[test]
fn an_agent_of_a_switch_that_dies_is_told_with_whose_turn_it_was() {
    let refuses =
        r#"if grep -q '"daemoneye"' "$config"; then echo 'error: no socket' >&2; exit 4; fi"#;
    let told = switched(&format!("{refuses}\n{}", ending("exit 0")), None);
    let told = told.expect_err("the second agent dies").to_string();
    let begin = "after the switch: actor daemoneye-agent ended before it was ready";
    assert!(told.starts_with(begin), "{told}");
    assert!(told.ends_with("its last words:\nerror: no socket"), "{told}");
}
