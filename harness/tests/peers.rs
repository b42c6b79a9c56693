//! Trials on brokers of others: real servers, the usual actors, nothing left.
//!
//! Each is ignored, with the reason, where its server is not there or the feature `peers` is not built.

use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};

fn main() -> ExitCode {
    libtest_mimic::run(&Arguments::from_args(), trials()).exit_code()
}

#[cfg(not(target_os = "linux"))]
fn trials() -> Vec<Trial> {
    Vec::new()
}

#[cfg(target_os = "linux")]
fn trials() -> Vec<Trial> {
    linux::trials()
}

#[cfg(target_os = "linux")]
mod linux {
    use std::fs;
    use std::path::{Path, PathBuf};
    use std::time::Duration;

    use daemoneye_eventbus::EventSubscription;
    use equivalence::driver::{
        DriveError, Driven, Interrupt, TrialRequest, run_trial, why_unavailable,
    };
    use equivalence::plan::{
        Arrivals, Bus, Case, Count, MixPart, Phase, Publish, PublisherSpec, Rate, SubscriberSpec,
        TrialKind,
    };
    use equivalence::record::{FENCE, Validity};
    use libtest_mimic::{Failed, Trial};

    /// Events of each publisher, where they are counted.
    const EVENTS: u64 = 300;
    /// Between two looks at a trial that runs.
    const LOOK: Duration = Duration::from_millis(5);
    /// A publisher makes its events besides; a server that does its work has more than this part of the
    /// publishers' CPU time, and a process that only waits has less.
    const LEAST_SHARE: f64 = 0.05;

    type Test = fn(Bus) -> Result<(), Failed>;

    const TESTS: [(&str, Test); 3] = [
        ("every_event_arrives_once_whole_and_in_the_order_of_its_publisher", every_event_arrives),
        ("a_saturated_server_is_measured_itself", is_measured),
        ("an_interrupt_ends_its_server_too", is_ended),
    ];

    pub(super) fn trials() -> Vec<Trial> {
        let of = |bus: Bus| {
            TESTS.map(|(name, test)| {
                let trial = Trial::test(format!("{}::{name}", bus.as_str()), move || test(bus));
                match why_unavailable(bus) {
                    Some(why) => trial.with_ignored_flag(true).with_kind(why),
                    None => trial,
                }
            })
        };
        Bus::PEERS.into_iter().flat_map(of).collect()
    }

    fn case(kind: TrialKind, count: Count, rate: Rate) -> Case {
        let publisher = |name: &str| PublisherSpec {
            mix: vec![MixPart { payload_bytes: 200, ..MixPart::bare() }],
            ..PublisherSpec::bare(name)
        };
        let subscriber = |name: &str| {
            let subscription = EventSubscription::new(name).with_pattern("events.process.#");
            SubscriberSpec::bare(subscription.with_capacity(8192))
        };
        let publish = (0..2).map(|publisher| Publish { publisher, count, rate }).collect();
        let publishers = vec![publisher("p-one"), publisher("p-two")];
        let subscribers = vec![subscriber("s-one"), subscriber("s-two")];
        let measured = kind.is_performance();
        Case {
            kind,
            phases: vec![Phase { publish, measured, ..Phase::bare("all") }],
            seed: 7,
            ..Case::bare("peers/smoke", publishers, subscribers)
        }
    }

    fn run(case: &Case, bus: Bus) -> Result<Driven, Failed> {
        let folder = tempfile::tempdir()?;
        let executable = Path::new(env!("CARGO_BIN_EXE_equivalence"));
        let (_teller, interrupt) = Interrupt::new();
        let request = request(executable, case, bus, folder.path());
        let driven = runtime()?.block_on(run_trial(request, interrupt))?;
        assert!(driven.trial.tear_down.is_clean(), "{:?}", driven.trial.tear_down);
        assert_eq!(driven.doubts, Vec::<String>::new());
        Ok(driven)
    }

    fn request<'a>(
        executable: &'a Path,
        case: &'a Case,
        bus: Bus,
        directory: &'a Path,
    ) -> TrialRequest<'a> {
        let (void, share_by_clone) = (false, false);
        TrialRequest { executable, case, bus, void, share_by_clone, directory }
    }

    fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
        tokio::runtime::Builder::new_current_thread().enable_all().build()
    }

    fn every_event_arrives(bus: Bus) -> Result<(), Failed> {
        let case = case(TrialKind::Behaviour, Count::Events(EVENTS), Rate::Max);
        let history = run(&case, bus)?.history.ok_or("a history")?;
        let numbers: Vec<u64> = (1..=EVENTS).collect();
        for log in &history.subscribers {
            for (index, publisher) in (0u16..).zip(&history.publishers) {
                let events = log.received.iter().filter(|one| one.sequence & FENCE == 0);
                let own: Vec<_> = events.filter(|one| one.publisher == index).collect();
                let came: Vec<u64> = own.iter().map(|one| one.sequence).collect();
                assert_eq!(came, numbers, "{} from {}", log.name, publisher.name);
                let sent = publisher.published.iter().filter(|one| one.sequence & FENCE == 0);
                assert!(sent.map(|one| one.digest).eq(own.iter().map(|one| one.digest)));
            }
        }
        Ok(())
    }

    fn is_measured(bus: Bus) -> Result<(), Failed> {
        let case = case(TrialKind::Saturation, Count::ForMs(500), Rate::Window(1024));
        let trial = run(&case, bus)?.trial;
        assert_eq!(trial.validity, Validity::Valid);
        assert!(trial.figures.throughput_per_s.is_some_and(|figure| figure > 0.0));
        let cpu = |at: usize| trial.processes[at].cpu_s.unwrap_or_default();
        assert!(cpu(0) > LEAST_SHARE * (cpu(1) + cpu(2)), "{:?}", trial.processes);
        assert!(trial.processes[0].context_switches.is_some());
        Ok(())
    }

    fn is_ended(bus: Bus) -> Result<(), Failed> {
        let rate = Rate::PerSecond(2000.0, Arrivals::Constant);
        let case = case(TrialKind::Paced, Count::ForMs(60_000), rate);
        let folder = tempfile::tempdir()?;
        // A path of its own, by which the actors of this trial are known.
        let executable = folder.path().join("equivalence");
        std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_equivalence"), &executable)?;
        let (teller, interrupt) = Interrupt::new();
        let request = request(&executable, &case, bus, folder.path());
        let (ended, server) = runtime()?.block_on(async {
            let stop = async {
                let mut look = tokio::time::interval(LOOK);
                loop {
                    look.tick().await;
                    if let Some(server) = server_of(&executable)
                        && events_arrive(folder.path())
                    {
                        teller.tell();
                        return server;
                    }
                }
            };
            let mut trial = std::pin::pin!(run_trial(request, interrupt));
            let server = tokio::select! {
                ended = &mut trial => return Err(format!("it ended by itself: {ended:?}")),
                server = stop => server,
            };
            Ok((trial.await, server))
        })?;
        assert!(matches!(ended, Err(DriveError::Interrupted)), "{ended:?}");
        assert!(!server.exists(), "{} still runs", server.display());
        Ok(())
    }

    fn events_arrive(folder: &Path) -> bool {
        let files = fs::read_dir(folder).into_iter().flatten().flatten();
        let arrivals =
            files.filter(|file| file.path().extension().is_some_and(|end| end == "arrivals"));
        arrivals.into_iter().any(|file| file.metadata().is_ok_and(|found| found.len() > 0))
    }

    /// The place in `/proc` of the child of the actor that keeps a server.
    fn server_of(executable: &Path) -> Option<PathBuf> {
        let line = format!("{}\0actor\0broker\0", executable.display());
        let processes = fs::read_dir("/proc").ok()?.flatten();
        let is_keeper = |path: &PathBuf| {
            fs::read(path.join("cmdline")).is_ok_and(|words| words == line.as_bytes())
        };
        let keeper = processes.map(|process| process.path()).find(is_keeper)?;
        let threads = fs::read_dir(keeper.join("task")).ok()?.flatten();
        let children =
            threads.filter_map(|one| fs::read_to_string(one.path().join("children")).ok());
        let children: Vec<String> = children.collect();
        let id = children.iter().flat_map(|list| list.split_whitespace()).next()?;
        Some(Path::new("/proc").join(id))
    }
}
