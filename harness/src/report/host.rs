//! Where a run took place: what makes two hosts comparable, and what explains a strange figure.

use std::fs;
use std::path::Path;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Said for what the host does not tell.
const UNKNOWN: &str = "unknown";
/// The allocator of a build that asked for no other.
const SYSTEM_ALLOCATOR: &str = "system";

/// Facts of one host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Host {
    /// Operating system, for example `linux`.
    pub system: String,
    /// Architecture, for example `x86_64`.
    pub architecture: String,
    /// Release of the kernel, or `unknown`.
    pub kernel: String,
    /// Model of the CPU, or `unknown`.
    pub cpu: String,
    /// CPUs this process may use.
    pub cores: usize,
    /// Memory, bytes; `None` where the host does not tell.
    pub memory_bytes: Option<u64>,
    /// Frequency governor of the first CPU, or `unknown` (virtual machines have none).
    pub governor: String,
    /// What the harness and its actors allocate with: `system`, or `mimalloc`.
    #[serde(default = "system_allocator")]
    pub allocator: String,
}

impl Host {
    /// Whether performance is judged here; elsewhere a figure that is missing is no news.
    pub fn judges_performance(&self) -> bool {
        self.system == "linux"
    }

    /// Looks around. Full on Linux; elsewhere model, kernel, memory and governor are unknown.
    pub fn read() -> Self {
        Self::from_files(Path::new("/"))
    }

    /// CPU model, cores, kernel, and an allocator that is not the system's: hosts whose ratios may be
    /// compared (METHOD §4).
    pub fn class(&self) -> String {
        let class = format!("{}, {} cores, {} {}", self.cpu, self.cores, self.system, self.kernel);
        if self.allocator == SYSTEM_ALLOCATOR {
            class
        } else {
            format!("{class}, {}", self.allocator)
        }
    }

    fn from_files(root: &Path) -> Self {
        let read = |path: &str| fs::read_to_string(root.join(path)).ok();
        let line =
            |path: &str| read(path).map_or(UNKNOWN.to_owned(), |text| text.trim().to_owned());
        Self {
            system: std::env::consts::OS.to_owned(),
            architecture: std::env::consts::ARCH.to_owned(),
            kernel: line("proc/sys/kernel/osrelease"),
            cpu: read("proc/cpuinfo").and_then(|text| model(&text)).unwrap_or(UNKNOWN.to_owned()),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            memory_bytes: read("proc/meminfo").and_then(|text| total_bytes(&text)),
            governor: line("sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"),
            allocator: if cfg!(feature = "mimalloc") { "mimalloc" } else { SYSTEM_ALLOCATOR }
                .to_owned(),
        }
    }
}

/// Reports from before it was told.
fn system_allocator() -> String {
    SYSTEM_ALLOCATOR.to_owned()
}

fn model(cpuinfo: &str) -> Option<String> {
    value(cpuinfo, "model name").map(str::to_owned)
}

fn total_bytes(meminfo: &str) -> Option<u64> {
    let kibibytes: u64 = value(meminfo, "MemTotal")?.strip_suffix("kB")?.trim().parse().ok()?;
    kibibytes.checked_mul(1024)
}

/// The first `name : value` line's value.
fn value<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    text.lines().find_map(|line| {
        let (key, value) = line.split_once(':')?;
        (key.trim() == name).then(|| value.trim())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn model_and_memory_are_read_from_their_lines() {
        let cpuinfo = "processor\t: 0\nmodel name\t: Fast 9000 @ 3 GHz\nflags\t: a b\n";
        assert_eq!(model(cpuinfo).as_deref(), Some("Fast 9000 @ 3 GHz"));
        assert_eq!(total_bytes("MemTotal:     2048 kB\nMemFree: 1 kB\n"), Some(2_097_152));
        assert_eq!(total_bytes("MemTotal: many\n"), None);
    }

    #[test]
    fn a_host_without_such_files_is_unknown_not_wrong() {
        let empty = tempfile::tempdir().expect("a temporary folder");
        let host = Host::from_files(empty.path());
        assert_eq!((host.cpu.as_str(), host.kernel.as_str()), ("unknown", "unknown"));
        assert_eq!((host.memory_bytes, host.governor.as_str()), (None, "unknown"));
        assert!(host.cores >= 1);
    }

    #[test]
    fn another_allocator_is_another_class_of_hosts() {
        let host = Host { allocator: SYSTEM_ALLOCATOR.to_owned(), ..Host::read() };
        let other = Host { allocator: "mimalloc".to_owned(), ..host.clone() };
        assert_eq!(other.class(), format!("{}, mimalloc", host.class()));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn linux_tells_its_kernel_and_memory() {
        let host = Host::read();
        assert!(host.kernel.starts_with(|first: char| first.is_ascii_digit()), "{host:?}");
        assert!(host.memory_bytes.is_some_and(|bytes| bytes > 1 << 20));
    }
}
