//! What a service does with a request: for its user to say.

use async_trait::async_trait;

use super::super::{Refusal, Request, Response};
use super::Asked;

/// Does what is asked.
#[async_trait]
pub trait RpcHandler: Send + Sync + 'static {
    /// Does one request; several may run at once.
    ///
    /// It is cut off when the asker stops waiting, so it should leave nothing half done at an
    /// await. What it does not do it answers with [`Refusal::unknown`]; a panic becomes
    /// [`Refusal::Failed`].
    async fn handle(&self, request: Request, asked: &Asked) -> Result<Response, Refusal>;
}
