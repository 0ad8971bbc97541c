//! Delivers messages on a link, one after the other, until the link ends.

use core::pin::pin;

use fe2o3_amqp::Sender;
use fe2o3_amqp::types::definitions::AmqpError;
use fe2o3_amqp::types::messaging::Outcome;
use hubward::policy::Operation;
use tokio::time::timeout;

use super::authenticated::Connection;
use super::cloud_to_device::written;
use crate::hub::SessionDecision;
use crate::messages::{Delivery, LOCK, Receiving, Recipient, Settlement};

/// Delivers messages until the peer detaches, is no longer permitted to receive, does not settle one in time, or receives
/// on another link.
pub(super) async fn run(
    connection: &Connection,
    mut link: Sender,
    recipient: &Recipient,
    receiving: &Receiving,
    address: &str,
) {
    let operation = Operation::amqp_receive(address);
    let mut changes = connection.changes();
    loop {
        let goes_on = match connection.hub.mailboxes.next(recipient) {
            Some(delivery) => deliver(connection, &mut link, recipient, &operation, delivery).await,
            None => tokio::select! {
                biased;
                _ = changes.changed() => connection.may_stay(&operation),
                () = receiving.replaced() => false,
                () = receiving.arrived() => true,
                _ = link.on_detach() => {
                    let _ = link.close().await;
                    return;
                }
            },
        };
        if !goes_on {
            let error = AmqpError::UnauthorizedAccess;
            let _ = timeout(connection.hub.limits.write_timeout, link.close_with_error(error)).await;
            return;
        }
    }
}

/// Sends one message and settles it by the peer's outcome. Returns whether the link goes on; a message without an outcome
/// is delivered again.
async fn deliver(
    connection: &Connection,
    link: &mut Sender,
    recipient: &Recipient,
    operation: &Operation<'_>,
    delivery: Delivery,
) -> bool {
    let lock = delivery.lock.clone();
    // a lock that has expired meanwhile is of a message that is delivered again
    let settle = |settlement| connection.hub.mailboxes.settle(recipient, &lock, settlement).is_ok();
    if connection.decide(operation) != SessionDecision::Allowed {
        settle(Settlement::Abandon);
        return false;
    }
    let mut changes = connection.changes();
    let mut sent = pin!(timeout(LOCK, link.send(written(delivery))));
    let outcome = loop {
        tokio::select! {
            biased;
            outcome = &mut sent => break outcome.ok().and_then(Result::ok),
            _ = changes.changed() => if !connection.may_stay(operation) {
                break None;
            },
        }
    };
    let (settlement, goes_on) = match outcome {
        Some(Outcome::Accepted(_)) => (Settlement::Complete, true),
        Some(Outcome::Rejected(_)) => (Settlement::Reject, true),
        Some(_) => (Settlement::Abandon, true),
        None => (Settlement::Abandon, false),
    };
    settle(settlement);
    goes_on
}
