//! Starting the calls of one environment.

use std::future::Future;
#[cfg(unix)]
use std::rc::Rc;

use napi::Env;
use napi::bindgen_prelude::Result as JsResult;

#[cfg(unix)]
use super::event_loop::EventLoop;
use super::loans::Loans;
use super::port::{Outcome, Port, PortHandle, Settle, ended_without_result};
use crate::error::Result;
use crate::net::runtime;
use crate::s3::S3Client;

/// What objects keep of the port, so that no call has to bring it.
#[derive(Clone)]
pub(super) struct Caller {
    port: PortHandle,
    #[cfg(unix)]
    event_loop: Option<Rc<EventLoop>>,
}

impl Caller {
    pub(super) fn new(port: &Port) -> Self {
        Self {
            port: port.handle(),
            #[cfg(unix)]
            event_loop: port.event_loop(),
        }
    }

    /// For the buffers of one upload.
    pub(super) fn loans(&self) -> Loans {
        Loans::new(self.port.clone())
    }

    /// Runs the work of a small request: on the JavaScript thread, if that can watch its
    /// connection, else as [`start`](Self::start) does.
    pub(super) fn start_small<T: Settle + 'static>(
        &self,
        client: &S3Client,
        env: Env,
        id: u32,
        work: impl Future<Output = Result<T>> + Send + 'static,
    ) -> JsResult<()> {
        #[cfg(unix)]
        if let Some(event_loop) = self.event_loop.as_ref().filter(|_| client.is_plain()) {
            let cancellation = self.port.cancellation();
            self.port.begin(&env)?;
            let tasks = self.port.tasks();
            match cancellation {
                None => tasks.begin(&self.port, event_loop, id, Box::pin(boxed(work))),
                Some(cancellation) => {
                    let work = Box::pin(boxed(cancellation.limit(work)));
                    tasks.begin(&self.port, event_loop, id, work);
                }
            }
            return Ok(());
        }
        self.start(env, id, work)
    }

    /// Runs work on the shared runtime and settles the call with what comes of it.
    pub(super) fn start<T: Settle + 'static>(
        &self,
        env: Env,
        id: u32,
        work: impl Future<Output = Result<T>> + Send + 'static,
    ) -> JsResult<()> {
        let port = self.port.clone();
        let cancellation = port.cancellation();
        port.begin(&env)?;
        runtime::shared().spawn(async move {
            let mut guard = SettleOnce {
                port,
                id,
                done: false,
            };
            let outcome = match cancellation {
                None => boxed(work).await,
                Some(cancellation) => boxed(cancellation.limit(work)).await,
            };
            guard.settle(outcome);
        });
        Ok(())
    }
}

async fn boxed<T: Settle + 'static>(work: impl Future<Output = Result<T>>) -> Outcome {
    work.await.map(|value| Box::new(value) as Box<dyn Settle>)
}

/// Settles the call even if the work panics.
struct SettleOnce {
    port: PortHandle,
    id: u32,
    done: bool,
}

impl SettleOnce {
    fn settle(&mut self, outcome: Outcome) {
        if !std::mem::replace(&mut self.done, true) {
            self.port.complete(self.id, outcome);
        }
    }
}

impl Drop for SettleOnce {
    fn drop(&mut self) {
        self.settle(Err(ended_without_result()));
    }
}
