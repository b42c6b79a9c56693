//! What a client may do, as its welcome tells it.

use bytes::Bytes;

use super::text::string_from_wire;
use super::{DecodeError, proto};
use crate::acl::{Access, AccessRow, Action, Effect, Role};

pub(crate) fn access_to_wire(access: &Access) -> Vec<proto::AccessRow> {
    let row = |row: &AccessRow| proto::AccessRow {
        number: u32::try_from(row.number).unwrap_or(u32::MAX),
        action: match row.action {
            Action::Publish => proto::access_row::Action::Publish,
            Action::Subscribe => proto::access_row::Action::Subscribe,
        } as i32,
        topics: Bytes::from(row.pattern.to_string()),
        deny: row.effect == Effect::Deny,
    };
    access.rows().iter().map(row).collect()
}

pub(crate) fn access_from_wire(
    role: Bytes,
    rows: Vec<proto::AccessRow>,
) -> Result<Access, DecodeError> {
    let role: Role = string_from_wire(role, "role")?
        .parse()
        .map_err(|_| DecodeError::Malformed("a role nobody knows"))?;
    let rows = rows.into_iter().map(row_from_wire).collect::<Result<Vec<_>, _>>()?;
    Ok(Access::new(role, rows))
}

fn row_from_wire(row: proto::AccessRow) -> Result<AccessRow, DecodeError> {
    let action = match proto::access_row::Action::try_from(row.action) {
        Ok(proto::access_row::Action::Publish) => Action::Publish,
        Ok(proto::access_row::Action::Subscribe) => Action::Subscribe,
        Err(_) => return Err(DecodeError::Malformed("an action nobody knows")),
    };
    let pattern = string_from_wire(row.topics, "topics")?
        .parse()
        .map_err(|_| DecodeError::Malformed("topics that are no pattern"))?;
    let effect = if row.deny { Effect::Deny } else { Effect::Allow };
    Ok(AccessRow { number: row.number as usize, action, pattern, effect })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::acl::{
        AccessControl, CollectorKind, MAX_RULES, Principal, Roles, Rule, TopicTemplate,
    };
    use crate::topic::{MAX_LEVEL_BYTES, MAX_TOPIC_BYTES};
    use crate::wire::{ENVELOPE_LIMIT_BYTES, encode_control, proto::frame::Body};

    #[test]
    fn what_a_client_may_do_arrives_as_it_is() {
        for role in Role::ALL {
            let somebody = Principal::new("somebody", role).expect("an id");
            let sent = AccessControl::standard().access_of(&somebody);
            let role = Bytes::from(role.to_string());
            let received = access_from_wire(role, access_to_wire(&sent)).expect("valid");
            assert_eq!((received.role(), received.rows()), (sent.role(), sent.rows()));
        }
    }

    #[test]
    fn the_longest_table_there_can_be_fits_a_welcome() {
        let id = "x".repeat(MAX_LEVEL_BYTES);
        let levels = "y".repeat(MAX_LEVEL_BYTES);
        let mut topics = format!("events.{levels}.{levels}.{levels}");
        topics.push('.');
        topics.push_str(&"z".repeat(MAX_TOPIC_BYTES - topics.len()));
        let rule = Rule {
            roles: Roles::Any,
            action: Action::Subscribe,
            topics: TopicTemplate::new(&topics).expect("a pattern"),
            effect: Effect::Deny,
        };
        let table = AccessControl::new(vec![rule; MAX_RULES]).expect("not too long");
        let role = Role::Collector(CollectorKind::Performance);
        let access = table.access_of(&Principal::new(id, role).expect("an id"));
        let welcome = proto::Welcome {
            role: Bytes::from(role.to_string()),
            session_key: Some(Bytes::from_static(&[255; 32])),
            access: access_to_wire(&access),
            ..proto::Welcome::default()
        };
        let mut bytes = Vec::new();
        encode_control(&mut bytes, Body::Welcome(welcome));
        assert_eq!(access.rows().len(), MAX_RULES);
        assert!(bytes.len() < ENVELOPE_LIMIT_BYTES, "{} bytes", bytes.len());
    }

    #[test]
    fn what_nobody_knows_is_refused() {
        let row = |action, topics: &str| proto::AccessRow {
            number: 1,
            action,
            topics: Bytes::from(topics.to_owned()),
            deny: false,
        };
        let agent = || Bytes::from_static(b"agent");
        assert!(access_from_wire(agent(), vec![row(0, "events.#")]).is_ok());
        assert!(access_from_wire(agent(), vec![row(2, "events.#")]).is_err());
        assert!(access_from_wire(agent(), vec![row(0, "events.*")]).is_err());
        assert!(access_from_wire(Bytes::from_static(b"king"), Vec::new()).is_err());
    }
}
