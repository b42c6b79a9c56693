//! Inspections as messages.

use std::time::Duration;

use prost::Message;
use prost::bytes::Bytes;
use prost::encoding::encoded_len_varint;

use super::control::{
    FRAME_HEAD_BYTES, nanoseconds, policy_from_wire, policy_to_wire, row_from_wire, row_to_wire,
    strings_from_wire, strings_to_wire,
};
use super::text::string_from_wire;
use super::{DecodeError, proto};
use crate::contract::{
    BrokerInspection, ConnectionInspection, InspectionCursor, InspectionQuery, Sections,
    SubscriptionInspection, TopicInspection,
};
use crate::topic::{Topic, TopicError};

/// What the counts of rows that do not fit may need beside the rows, bytes: four numbers.
const COUNTS_BYTES: usize = 4 * (1 + 10);

pub(crate) fn query_to_wire(request: u64, query: &InspectionQuery) -> proto::InspectRequest {
    let text = |text: &str| Bytes::copy_from_slice(text.as_bytes());
    proto::InspectRequest {
        request,
        sections: query.sections.bits(),
        topic: query.topic.as_ref().map(|topic| text(topic.as_str())).unwrap_or_default(),
        after_connection: query.after.connection,
        after_subscriber: text(&query.after.subscriber),
        after_topic: text(&query.after.topic),
    }
}

/// The query; the inner error is a topic that is none, which is no breach.
pub(crate) fn query_from_wire(
    message: proto::InspectRequest,
) -> Result<Result<InspectionQuery, TopicError>, DecodeError> {
    let topic = string_from_wire(message.topic, "topic")?;
    let after = InspectionCursor {
        connection: message.after_connection,
        subscriber: string_from_wire(message.after_subscriber, "after_subscriber")?,
        topic: string_from_wire(message.after_topic, "after_topic")?,
    };
    let sections = Sections::from_bits_truncate(message.sections);
    let topic = if topic.is_empty() { Ok(None) } else { Topic::new(topic).map(Some) };
    Ok(topic.map(|topic| InspectionQuery { sections, topic, after }))
}

/// The answer within so many bytes: rows that would be too much are counted instead, of a section
/// the last ones.
pub(crate) fn inspection_to_wire(
    request: u64,
    inspection: &BrokerInspection,
    limit_bytes: usize,
) -> proto::InspectReply {
    let mut reply = proto::InspectReply {
        request,
        uptime_ns: nanoseconds(inspection.uptime),
        other_topics_published: inspection.other_topics_published,
        parked_subscriptions: inspection.parked_subscriptions,
        expired_subscriptions: inspection.expired_subscriptions,
        ..Default::default()
    };
    let head_bytes = reply.encoded_len() + COUNTS_BYTES + FRAME_HEAD_BYTES;
    let mut room_bytes = limit_bytes.saturating_sub(head_bytes);
    let connections = inspection.connections.iter().map(connection_to_wire);
    (reply.connections, reply.more_connections) = fitting(connections, &mut room_bytes);
    let subscriptions = inspection.subscriptions.iter().map(subscription_to_wire);
    (reply.subscriptions, reply.more_subscriptions) = fitting(subscriptions, &mut room_bytes);
    let topics = inspection.topics.iter().map(topic_to_wire);
    (reply.topics, reply.more_topics) = fitting(topics, &mut room_bytes);
    reply
}

/// The first rows that fit, and how many do not.
fn fitting<M: Message>(
    rows: impl ExactSizeIterator<Item = M>,
    room_bytes: &mut usize,
) -> (Vec<M>, u64) {
    let mut fit = Vec::new();
    let mut more = rows.len() as u64;
    for row in rows {
        let row_bytes = row.encoded_len();
        let bytes = 1 + encoded_len_varint(row_bytes as u64) + row_bytes;
        let Some(rest) = room_bytes.checked_sub(bytes) else {
            // Nothing smaller may slip in behind it: rows are in order.
            *room_bytes = 0;
            break;
        };
        *room_bytes = rest;
        more -= 1;
        fit.push(row);
    }
    (fit, more)
}

fn connection_to_wire(row: &ConnectionInspection) -> proto::ConnectionInspection {
    proto::ConnectionInspection {
        number: row.number,
        name: Bytes::copy_from_slice(row.name.as_bytes()),
        incarnation: row.incarnation,
        pid: row.pid,
        queued_bytes: row.queued_bytes,
        queued_events: row.queued_events,
        events_published: row.events_published,
        events_delivered: row.events_delivered,
        events_dropped: row.events_dropped,
        subscriptions: row.subscriptions,
        lag_ns: nanoseconds(row.lag),
    }
}

fn subscription_to_wire(row: &SubscriptionInspection) -> proto::SubscriptionInspection {
    proto::SubscriptionInspection {
        counters: Some(row_to_wire(&row.counters)),
        connection: row.connection.unwrap_or(0),
        topic_patterns: strings_to_wire(&row.topic_patterns),
        more_patterns: row.more_patterns,
        filters: Bytes::copy_from_slice(row.filters.as_bytes()),
        capacity: row.capacity as u64,
        policy: Some(policy_to_wire(row.policy)),
        queued_bytes: row.queued_bytes,
        lag_ns: nanoseconds(row.lag),
        unread: row.unread,
    }
}

fn topic_to_wire(row: &TopicInspection) -> proto::TopicInspection {
    proto::TopicInspection {
        topic: Bytes::copy_from_slice(row.topic.as_bytes()),
        registered: row.registered,
        events_published: row.events_published,
    }
}

/// The rows of an answer; its code is the reader's to look at.
pub(crate) fn inspection_from_wire(
    message: proto::InspectReply,
) -> Result<BrokerInspection, DecodeError> {
    Ok(BrokerInspection {
        uptime: Duration::from_nanos(message.uptime_ns),
        connections: all(message.connections, connection_from_wire)?,
        more_connections: message.more_connections,
        subscriptions: all(message.subscriptions, subscription_from_wire)?,
        more_subscriptions: message.more_subscriptions,
        topics: all(message.topics, topic_from_wire)?,
        more_topics: message.more_topics,
        other_topics_published: message.other_topics_published,
        parked_subscriptions: message.parked_subscriptions,
        expired_subscriptions: message.expired_subscriptions,
    })
}

fn all<M, R>(
    rows: Vec<M>,
    from_wire: impl Fn(M) -> Result<R, DecodeError>,
) -> Result<Vec<R>, DecodeError> {
    rows.into_iter().map(from_wire).collect()
}

fn connection_from_wire(
    row: proto::ConnectionInspection,
) -> Result<ConnectionInspection, DecodeError> {
    Ok(ConnectionInspection {
        number: row.number,
        name: string_from_wire(row.name, "name")?,
        incarnation: row.incarnation,
        pid: row.pid,
        queued_bytes: row.queued_bytes,
        queued_events: row.queued_events,
        events_published: row.events_published,
        events_delivered: row.events_delivered,
        events_dropped: row.events_dropped,
        subscriptions: row.subscriptions,
        lag: Duration::from_nanos(row.lag_ns),
    })
}

fn subscription_from_wire(
    row: proto::SubscriptionInspection,
) -> Result<SubscriptionInspection, DecodeError> {
    Ok(SubscriptionInspection {
        counters: row_from_wire(row.counters.unwrap_or_default())?,
        connection: Some(row.connection).filter(|number| *number != 0),
        topic_patterns: strings_from_wire(row.topic_patterns, "topic_patterns")?,
        more_patterns: row.more_patterns,
        filters: string_from_wire(row.filters, "filters")?,
        capacity: usize::try_from(row.capacity).unwrap_or(usize::MAX),
        policy: policy_from_wire(row.policy.unwrap_or_default())?,
        queued_bytes: row.queued_bytes,
        lag: Duration::from_nanos(row.lag_ns),
        unread: row.unread,
    })
}

fn topic_from_wire(row: proto::TopicInspection) -> Result<TopicInspection, DecodeError> {
    Ok(TopicInspection {
        topic: string_from_wire(row.topic, "topic")?,
        registered: row.registered,
        events_published: row.events_published,
    })
}

#[cfg(test)]
mod tests {
    use prost::Message as _;

    use super::{COUNTS_BYTES, FRAME_HEAD_BYTES, inspection_from_wire, inspection_to_wire};
    use super::{query_from_wire, query_to_wire};
    use crate::contract::{
        BrokerInspection, ConnectionInspection, InspectionCursor, InspectionQuery, Sections,
        SubscriptionInspection, SubscriptionStatistics, TopicInspection,
    };

    /// Rows whose numbers, ids and names count up.
    fn inspection(rows: u64) -> BrokerInspection {
        let connection = |number| ConnectionInspection {
            number,
            name: format!("client-{number}"),
            pid: Some(7),
            ..Default::default()
        };
        let subscription = |number| SubscriptionInspection {
            counters: SubscriptionStatistics {
                subscriber_id: format!("s-{number:04}"),
                matched: number,
                ..Default::default()
            },
            connection: (number > 1).then_some(number),
            topic_patterns: vec!["events.#".to_owned()],
            filters: "pid 7".to_owned(),
            capacity: 8,
            ..Default::default()
        };
        let topic = |number| TopicInspection {
            topic: format!("events.t{number:04}"),
            registered: number % 2 == 0,
            events_published: number,
        };
        BrokerInspection {
            connections: (1..=rows).map(connection).collect(),
            subscriptions: (1..=rows).map(subscription).collect(),
            topics: (1..=rows).map(topic).collect(),
            other_topics_published: 3,
            parked_subscriptions: 2,
            expired_subscriptions: 1,
            ..Default::default()
        }
    }

    #[test]
    fn an_inspection_comes_out_as_it_went_in() {
        let whole = inspection(5);
        let reply = inspection_to_wire(1, &whole, usize::MAX);
        assert_eq!(inspection_from_wire(reply), Ok(whole));
    }

    #[test]
    fn a_query_comes_out_as_it_went_in() {
        let query = InspectionQuery {
            sections: Sections::TOPICS | Sections::CONNECTIONS,
            topic: Some("events.x".parse().expect("a topic")),
            after: InspectionCursor {
                connection: 3,
                subscriber: "s".to_owned(),
                topic: "events.t".to_owned(),
            },
        };
        assert_eq!(query_from_wire(query_to_wire(1, &query)), Ok(Ok(query)));
    }

    #[test]
    fn what_does_not_fit_is_counted_and_the_pages_make_the_whole_at_every_limit() {
        let whole = inspection(9);
        let bytes = inspection_to_wire(1, &whole, usize::MAX).encoded_len();
        let widest = 100 + COUNTS_BYTES + FRAME_HEAD_BYTES;
        for limit in widest..bytes + widest {
            let mut query = InspectionQuery::default();
            let mut gathered = BrokerInspection::default();
            for page in 0.. {
                assert!(page < 100, "no end at {limit} bytes");
                let reply = inspection_to_wire(1, &after(&whole, &query), limit);
                assert!(reply.encoded_len() + FRAME_HEAD_BYTES <= limit);
                let reply = inspection_from_wire(reply).expect("what was encoded");
                assert!(gathered.append(reply, query.sections), "a page without rows");
                if !gathered.is_cut() {
                    break;
                }
                query = gathered.next_query(&query);
            }
            assert_eq!(gathered, whole, "{limit} bytes");
        }
    }

    /// What a broker answers, before it is cut.
    fn after(whole: &BrokerInspection, query: &InspectionQuery) -> BrokerInspection {
        let mut rows = whole.clone();
        let is_wanted = |section| query.sections.contains(section);
        rows.connections
            .retain(|row| is_wanted(Sections::CONNECTIONS) && row.number > query.after.connection);
        rows.subscriptions.retain(|row| {
            is_wanted(Sections::SUBSCRIPTIONS)
                && row.counters.subscriber_id > query.after.subscriber
        });
        rows.topics.retain(|row| is_wanted(Sections::TOPICS) && row.topic > query.after.topic);
        rows
    }
}
