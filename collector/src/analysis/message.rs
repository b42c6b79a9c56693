//! Requests and findings as they travel: JSON in the arguments and the output of a task.
//!
//! The analysis itself is the task's action. Fields may be added; one that is not known is passed
//! over.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::findings::{Findings, FindingsError};
use super::request::{AnalysisRequest, AnalysisSubject};

/// The action of a task that takes another one back; its argument is that task's id.
pub(super) const RECALL: &str = "recall_analysis";

type Values = BTreeMap<String, String>;

/// Arguments of a task.
#[derive(Debug, Serialize, Deserialize)]
struct Arguments {
    analysis: String,
    stage: String,
    #[serde(default)]
    target_pid: Option<u32>,
    #[serde(default)]
    target_path: Option<String>,
    #[serde(default)]
    parameters: Values,
    #[serde(default)]
    inputs: BTreeMap<String, Values>,
}

/// Why bytes are not what they should be.
#[derive(Debug, Error)]
pub(super) enum MessageError {
    /// They are no JSON of this form.
    #[error("not readable: {0}")]
    Json(#[from] serde_json::Error),
    /// They are more than may be found.
    #[error(transparent)]
    Findings(#[from] FindingsError),
}

pub(super) fn encode_request(request: AnalysisRequest) -> Result<Vec<u8>, MessageError> {
    let AnalysisRequest { analysis, stage, subject, parameters, inputs, .. } = request;
    let inputs = inputs.into_iter().map(|(stage, findings)| (stage, findings.into_map()));
    Ok(serde_json::to_vec(&Arguments {
        analysis,
        stage,
        target_pid: subject.pid,
        target_path: subject.path,
        parameters,
        inputs: inputs.collect(),
    })?)
}

pub(super) fn decode_request(
    analysis_type: &str,
    arguments: &[u8],
) -> Result<AnalysisRequest, MessageError> {
    let arguments: Arguments = serde_json::from_slice(arguments)?;
    let mut inputs = BTreeMap::new();
    for (stage, values) in arguments.inputs {
        inputs.insert(stage, Findings::new(values)?);
    }
    Ok(AnalysisRequest {
        analysis: arguments.analysis,
        stage: arguments.stage,
        analysis_type: analysis_type.to_owned(),
        subject: AnalysisSubject { pid: arguments.target_pid, path: arguments.target_path },
        parameters: arguments.parameters,
        inputs,
    })
}

pub(super) fn encode_findings(findings: Findings) -> Result<Vec<u8>, MessageError> {
    Ok(serde_json::to_vec(&findings.into_map())?)
}

pub(super) fn decode_findings(output: &[u8]) -> Result<Findings, MessageError> {
    let values: Values = serde_json::from_slice(output)?;
    Ok(Findings::new(values)?)
}

#[cfg(test)]
mod tests {
    use super::super::findings::MAX_FINDINGS_BYTES;
    use super::*;

    fn request() -> AnalysisRequest {
        let findings = Findings::new([("sha256", "ab"), ("path", "/bin/ä \"b\"")]).unwrap();
        AnalysisRequest {
            analysis: "1".to_owned(),
            stage: "lineage".to_owned(),
            analysis_type: "process_lineage".to_owned(),
            subject: AnalysisSubject { pid: Some(7), path: Some("/bin/ä".to_owned()) },
            parameters: Values::from([("depth".to_owned(), "3".to_owned())]),
            inputs: BTreeMap::from([("digest".to_owned(), findings)]),
        }
    }

    #[test]
    fn a_request_is_read_as_it_was_written() {
        let arguments = encode_request(request()).unwrap();
        assert_eq!(decode_request("process_lineage", &arguments).unwrap(), request());
    }

    #[test]
    fn what_is_not_said_is_nothing_and_what_is_not_known_is_passed_over() {
        let text = br#"{"analysis": "1", "stage": "a", "since": 2}"#;
        let read = decode_request("binary_hash", text).unwrap();
        assert_eq!(read.subject, AnalysisSubject::default());
        assert!(read.parameters.is_empty() && read.inputs.is_empty());
        assert!(decode_request("binary_hash", br#"{"stage": "a"}"#).is_err());
        assert!(decode_request("binary_hash", b"").is_err());
    }

    #[test]
    fn findings_are_read_as_they_were_written_within_the_limits() {
        let findings = Findings::new([("sha256", "ab")]).unwrap();
        let output = encode_findings(findings.clone()).unwrap();
        assert_eq!(decode_findings(&output).unwrap(), findings);
        let long = format!("{{\"a\": \"{}\"}}", "x".repeat(MAX_FINDINGS_BYTES));
        let told = decode_findings(long.as_bytes()).unwrap_err().to_string();
        assert!(told.starts_with("findings of 8193 bytes"), "{told}");
        assert!(decode_findings(b"[]").is_err());
    }
}
