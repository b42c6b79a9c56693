//! How often threads went on and off a processor, as the system tells.

use std::collections::BTreeMap;
use std::fs;

/// Of each thread of some processes: its process and name, and its switches so far.
#[derive(Debug)]
pub(crate) struct Switches(BTreeMap<(u32, u32), (String, u64)>);

impl Switches {
    /// Of all threads there are.
    pub(crate) fn of(processes: &[u32]) -> Self {
        let threads = processes.iter().flat_map(|process| threads_of(*process));
        Self(threads.collect())
    }

    /// Since an earlier look at the same processes, by thread; one that began since then counts whole.
    pub(crate) fn since(&self, before: &Self) -> Vec<(String, u64)> {
        let since = |(thread, (name, now)): (_, &(String, u64))| {
            let before = before.0.get(thread).map_or(0, |(_, before)| *before);
            (name.clone(), now - before)
        };
        self.0.iter().map(since).collect()
    }
}

fn threads_of(process: u32) -> Vec<((u32, u32), (String, u64))> {
    let tasks = fs::read_dir(format!("/proc/{process}/task")).unwrap();
    // One that ends between two looks is switched to no more.
    let of = |task: fs::DirEntry| {
        let thread = task.file_name().to_string_lossy().parse().unwrap();
        let status = fs::read_to_string(task.path().join("status")).ok()?;
        let switches = number(&status, "voluntary_ctxt_switches:")
            + number(&status, "nonvoluntary_ctxt_switches:");
        Some(((process, thread), (format!("{process} {}", field(&status, "Name:")), switches)))
    };
    tasks.filter_map(|task| of(task.ok()?)).collect()
}

fn number(status: &str, name: &str) -> u64 {
    field(status, name).parse().unwrap()
}

fn field<'a>(status: &'a str, name: &str) -> &'a str {
    status.lines().find_map(|line| line.strip_prefix(name)).unwrap().trim()
}
