//! The feedback that services are told about their messages.

use hubward::types::UnixTime;
use serde_json::json;

use super::{Ack, CloudMessage, Ended, Outcome, Recipient, expiry};
use crate::clock;

/// Returns the feedback for a message of a device that has ended, if its service wants it.
pub(super) fn feedback(ended: &Ended, recipient: &Recipient, now: UnixTime) -> Option<CloudMessage> {
    let (status, negative) = match ended.outcome {
        Outcome::Completed => ("Success", false),
        Outcome::Rejected => ("Rejected", true),
        Outcome::Expired => ("Expired", true),
        Outcome::DeliveredTooOften => ("DeliveryCountExceeded", true),
    };
    let wanted = match ended.message.ack {
        Ack::None => false,
        Ack::Positive => !negative,
        Ack::Negative => negative,
        Ack::Full => true,
    };
    let mut record = json!({
        "originalMessageId": ended.message.message_id.as_deref().unwrap_or_default(),
        "description": status,
        "statusCode": status,
        "deviceId": recipient.device,
        "deviceGenerationId": recipient.generation,
        "enqueuedTimeUtc": clock::text(now),
    });
    if let (Some(module), Some(fields)) = (&recipient.module, record.as_object_mut()) {
        fields.insert("moduleId".into(), json!(module));
    }
    wanted.then(|| CloudMessage {
        to: super::FEEDBACK.into(),
        content_type: Some("application/vnd.microsoft.iothub.feedback.json".into()),
        content_encoding: Some("utf-8".into()),
        body: json!([record]).to_string().into_bytes(),
        ..CloudMessage::expiring(expiry(now, None))
    })
}
