//! Which protocol the server of a bus speaks.

use super::mqtt::Mqtt;
use super::nats::Nats;
use super::redis::Redis;
use super::speech::Speech;
use crate::plan::Bus;

/// How to speak to the server of a bus; none for buses of ours.
pub(super) fn by(bus: Bus) -> Result<Box<dyn Speech>, String> {
    match bus {
        Bus::Nats => Ok(Box::new(Nats)),
        Bus::Redis => Ok(Box::new(Redis)),
        Bus::Mosquitto => Ok(Box::new(Mqtt)),
        other => Err(format!("{} is no broker of others", other.as_str())),
    }
}

#[cfg(test)]
mod tests;
