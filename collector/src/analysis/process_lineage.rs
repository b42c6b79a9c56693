//! `process_lineage`: from a process to the first one, parent by parent.

mod climb;
mod reader;

use async_trait::async_trait;

use super::analyzer::{AnalysisError, Analyzer};
use super::findings::Findings;
use super::request::AnalysisRequest;
use climb::{Lineage, climb};
use reader::system_reader;

/// Generations that are followed: shells in shells in containers have fewer.
pub const MAX_GENERATIONS: usize = 32;
/// Length of a name that is told, bytes; what is longer is cut.
const MAX_NAME_BYTES: usize = 128;
/// What it is called.
pub(super) const ANALYSIS_TYPE: &str = "process_lineage";

/// Follows the parents of a subject's process.
///
/// Finds `pid`, `name`, `ancestors` (how many), `ancestor.01` and so on, each as `PID NAME` and
/// nearest first, and `ends`: why it goes no further.
#[derive(Debug, Clone, Copy, Default)]
pub struct ProcessLineage;

#[async_trait]
impl Analyzer for ProcessLineage {
    fn analysis_type(&self) -> &'static str {
        ANALYSIS_TYPE
    }

    async fn analyze(&self, request: AnalysisRequest) -> Result<Findings, AnalysisError> {
        let Some(pid) = request.subject.pid else {
            return Err(AnalysisError::impossible("no process is named"));
        };
        // Some reads of what is in memory: short, and not to be stopped in between.
        let looking = tokio::task::spawn_blocking(move || lineage_of(pid));
        told(&looking.await.map_err(AnalysisError::failed)??)
    }
}

fn lineage_of(pid: u32) -> Result<Lineage, AnalysisError> {
    let mut look = system_reader().map_err(AnalysisError::failed)?;
    let missing = || AnalysisError::impossible(format!("there is no process {pid}"));
    climb(pid, MAX_GENERATIONS, &mut *look).ok_or_else(missing)
}

fn told(lineage: &Lineage) -> Result<Findings, AnalysisError> {
    let Lineage { process, ancestors, end } = lineage;
    let mut found = vec![
        ("pid".to_owned(), process.pid.to_string()),
        ("name".to_owned(), short(&process.name).to_owned()),
        ("ancestors".to_owned(), ancestors.len().to_string()),
        ("ends".to_owned(), end.to_string()),
    ];
    for (generation, ancestor) in (1..).zip(ancestors) {
        let value = format!("{} {}", ancestor.pid, short(&ancestor.name));
        found.push((format!("ancestor.{generation:02}"), value));
    }
    Ok(Findings::new(found)?)
}

fn short(name: &str) -> &str {
    &name[..name.floor_char_boundary(MAX_NAME_BYTES)]
}

#[cfg(test)]
mod tests {
    use super::super::findings::MAX_FINDINGS;
    use super::super::request::AnalysisSubject;
    use super::climb::End;
    use super::reader::Seen;
    use super::*;

    fn seen(pid: u32, name: &str) -> Seen {
        Seen { pid, ppid: None, name: name.to_owned(), start: 0 }
    }

    #[test]
    fn ancestors_are_told_nearest_first() {
        let lineage = Lineage {
            process: seen(30, "sh"),
            ancestors: vec![seen(20, "sshd"), seen(1, "init")],
            end: End::First,
        };
        let found = told(&lineage).unwrap();
        let expected = [
            ("ancestor.01", "20 sshd"),
            ("ancestor.02", "1 init"),
            ("ancestors", "2"),
            ("ends", "the first process"),
            ("name", "sh"),
            ("pid", "30"),
        ];
        assert_eq!(found.iter().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn the_longest_lineage_can_be_told() {
        let ancestor = seen(u32::MAX, &"ä".repeat(1000));
        let ancestors = vec![ancestor.clone(); MAX_GENERATIONS];
        let lineage = Lineage { process: ancestor, ancestors, end: End::Lost { pid: u32::MAX } };
        assert!(told(&lineage).is_ok());
        const { assert!(MAX_GENERATIONS + 4 <= MAX_FINDINGS) };
    }

    async fn analyze(subject: AnalysisSubject) -> Result<Findings, AnalysisError> {
        ProcessLineage.analyze(AnalysisRequest::about(ANALYSIS_TYPE, subject)).await
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn this_process_has_the_parent_the_system_tells() {
        let pid = std::process::id();
        let found = analyze(AnalysisSubject::process(pid)).await.unwrap();
        assert_eq!(found.get("pid"), Some(pid.to_string().as_str()));
        let parent = found.get("ancestor.01").expect("a test has a parent");
        let expected = nix::unistd::getppid().to_string();
        assert_eq!(parent.split(' ').next(), Some(expected.as_str()));
    }

    #[tokio::test]
    async fn what_is_not_there_has_no_lineage() {
        for subject in [AnalysisSubject::default(), AnalysisSubject::process(u32::MAX)] {
            let told = analyze(subject).await.unwrap_err();
            assert!(matches!(told, AnalysisError::Impossible { .. }), "{told:?}");
        }
    }
}
