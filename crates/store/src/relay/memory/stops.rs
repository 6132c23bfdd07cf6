//! Stops on their way, in memory.

use super::MemoryRelay;
use crate::error::StoreError;
use crate::relay::exchange::Route;
use crate::relay::stop::{STOPS_TOLD, Stop, StopStore};
use async_trait::async_trait;

#[async_trait]
impl StopStore for MemoryRelay {
    async fn keep_stop(&self, stop: Stop) -> Result<bool, StoreError> {
        let mut tables = self.tables()?;
        let route = Route::Approver(stop.approver_id.clone());
        if tables.meetings.route(&stop.enforcer_id, &route).is_none() {
            return Ok(false);
        }
        let key = (stop.enforcer_id.clone(), stop.approver_id.clone());
        tables.stops.insert(key, stop);
        Ok(true)
    }

    async fn stops(&self, enforcer_id: &str) -> Result<Vec<Stop>, StoreError> {
        let tables = self.tables()?;
        let theirs = tables.stops.values().filter(|stop| stop.enforcer_id == enforcer_id);
        Ok(theirs.take(STOPS_TOLD).cloned().collect())
    }

    async fn drop_stop(&self, enforcer_id: &str, stop_id: &str) -> Result<(), StoreError> {
        let mut tables = self.tables()?;
        tables.stops.retain(|_, s| s.enforcer_id != enforcer_id || s.stop_id != stop_id);
        Ok(())
    }
}
