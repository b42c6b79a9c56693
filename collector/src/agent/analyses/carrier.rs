//! The way of stages to collectors on a bus without members: the one in this process, whose handles
//! have no names, and on which collectors are threads that join nobody.

use std::sync::Arc;

use daemoneye_eventbus::event::ReplyAddress;
use daemoneye_eventbus::rpc::{RpcClient, RpcClientConfig};
use daemoneye_eventbus::{EventBus, SubscribeError};

use crate::analysis::TaskCarrier;
use crate::control::AGENT_NAME;

/// Asks whoever of a kind listens; there is one collector of each. One that is asked by name cannot
/// be told from others by its answer, as everybody publishes under the same name here.
pub(super) async fn without_members(
    bus: &Arc<dyn EventBus>,
) -> Result<TaskCarrier, SubscribeError> {
    let address = ReplyAddress::new(AGENT_NAME).expect("a level of a topic");
    let config = RpcClientConfig::new(address).with_any_publisher();
    let client = RpcClient::start(Arc::clone(bus), config).await?;
    Ok(TaskCarrier::new(Arc::new(client)))
}
