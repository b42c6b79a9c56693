//! One call, and the answer to it.

use std::time::Duration;

use bytestring::ByteString;

use super::super::{Request, Response};
use crate::contract::CorrelationMetadata;

/// A request on its way: to whom, and how long it may take.
#[derive(Debug, Clone)]
pub struct Call {
    pub(super) request: Request,
    pub(super) target: Option<ByteString>,
    pub(super) deadline: Option<Duration>,
    pub(super) correlation: Option<CorrelationMetadata>,
}

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Who answered: the publisher's name as the bus knows it.
    pub from: ByteString,
    /// How it belongs to other events: a child of the request's (R6).
    pub correlation: CorrelationMetadata,
    /// What it says.
    pub response: Response,
}

impl Call {
    /// Asks whoever serves the operation.
    pub fn new(request: Request) -> Self {
        Self { request, target: None, deadline: None, correlation: None }
    }

    /// Asks this member alone: its service, whose replies are published under its name (A4).
    #[must_use]
    pub fn to(mut self, member: impl Into<ByteString>) -> Self {
        self.target = Some(member.into());
        self
    }

    /// Waits this long instead of the client's usual deadline; never longer than
    /// [`MAX_DEADLINE`](super::super::MAX_DEADLINE).
    #[must_use]
    pub fn within(mut self, deadline: Duration) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// Makes the request part of a workflow; without it, it begins one (C8).
    #[must_use]
    pub fn correlated(mut self, correlation: impl Into<CorrelationMetadata>) -> Self {
        self.correlation = Some(correlation.into());
        self
    }
}
