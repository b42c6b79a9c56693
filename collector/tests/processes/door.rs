//! The direct door of a real collector: asked beside the bus, on both buses.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use collector_core::SourceCaps;
use collector_core::analysis::AnalysisSubject;
use collector_core::ipc::{CollectorIpcClient, IpcClientConfig, IpcTask};
use daemoneye_eventbus::SocketAddress;
use daemoneye_eventbus::acl::CollectorKind;
use daemoneye_eventbus::rpc::HealthStatus;
use nix::sys::signal::Signal;
use sha2::{Digest, Sha256};

use crate::BUSES;
use crate::agent::RunningAgent;

async fn ask(door: &Path, agent: &RunningAgent) {
    let address = SocketAddress::from_path(door).expect("a short path");
    let config = IpcClientConfig::new("test").with_required(SourceCaps::PROCESS);
    let client = CollectorIpcClient::connect(&address, config).await.expect("the door is open");
    let collector = &agent.ready.collectors[0];

    let told = client.capabilities().await.expect("capabilities");
    assert_eq!(told.collector, "procmond");
    assert_eq!(told.analysis_types, ["binary_hash", "process_lineage"]);

    let status = client.status().await.expect("a status");
    assert!(status.events_published >= collector.first_scan_events, "{status:?}");
    assert_ne!(client.health().await.expect("it is answered").overall(), HealthStatus::Unhealthy);

    let file = std::env::current_exe().expect("this program");
    let subject = AnalysisSubject::file(file.to_str().expect("a path of text"));
    let task = IpcTask::new(CollectorKind::Process, "binary_hash", subject);
    let found = client.task(task).await.expect("an answer").outcome.expect("findings");
    let expected = hex::encode(Sha256::digest(std::fs::read(&file).expect("the file is there")));
    assert_eq!(found.get("sha256"), Some(expected.as_str()));
}

#[test]
fn a_collector_answers_programs_that_are_not_on_the_bus_on_both_buses() {
    for &bus in BUSES {
        let agent = RunningAgent::start_with(bus, &["--set", "ipc.enabled=true"]);
        let folder = agent.folder();
        let door = folder.path().join("run/procmond.sock");
        let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&door), mode(door.parent().unwrap())), (0o600, 0o700), "{bus}");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.unwrap().block_on(ask(&door, &agent));
        let (_, status) = agent.stop(Signal::SIGTERM);
        assert_eq!(status.code(), Some(0), "{bus}");
        assert_eq!(door.parent().unwrap().read_dir().unwrap().count(), 0, "{bus}");
    }
}

#[test]
fn without_being_told_to_a_collector_has_no_door() {
    for &bus in BUSES {
        let agent = RunningAgent::start(bus);
        assert!(!agent.folder().path().join("run/procmond.sock").exists(), "{bus}");
        agent.stop(Signal::SIGTERM);
    }
}
