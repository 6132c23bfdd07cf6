//! The calls around a stop.

use crate::calls::about;
use crate::client::Client;
use crate::error::ClientError;
use crate::http::Call;
use countersign_core::sealing::Sealed;
use countersign_wire::envelope::NO_REQUEST;
use countersign_wire::limit;
use countersign_wire::stop::{StopAccepted, StopPage, StopSubmit, WaitingStop};

impl Client {
    /// Hands a sealed stop in for an enforcer, as an approver. A later one takes its place.
    ///
    /// # Errors
    /// [`ClientError`]; refused with `no_approver` where no pairing leads there.
    pub async fn submit_stop(
        &self,
        enforcer_id: &str,
        stop_id: &str,
        ciphertext: Sealed,
    ) -> Result<(), ClientError> {
        let (enforcer_id, stop_id) = (enforcer_id.to_owned(), stop_id.to_owned());
        let body = StopSubmit { enforcer_id, stop_id, ciphertext };
        let envelope = self.envelope(NO_REQUEST, body);
        let reply = self.call(&Call::post(&["stops"], &envelope)?).await?;
        about::<StopAccepted>(&reply, NO_REQUEST).map(|_| ())
    }

    /// The stops that wait for this enforcer. None of them is verified.
    ///
    /// # Errors
    /// [`ClientError`]; a gateway of the plain binding refuses with 404.
    pub async fn stops(&self) -> Result<Vec<WaitingStop>, ClientError> {
        let call = Call::get(&["enforcers", self.device_id(), "stops"]).up_to(limit::PAGE);
        let reply = self.call(&call).await?;
        Ok(about::<StopPage>(&reply, NO_REQUEST)?.body.stops)
    }

    /// Says that this enforcer has taken a stop. Again is fine.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn drop_stop(&self, stop_id: &str) -> Result<(), ClientError> {
        let call = Call::delete(&["enforcers", self.device_id(), "stops", stop_id]);
        self.call(&call).await.map(|_| ())
    }
}
