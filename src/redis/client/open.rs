//! Making a client over a link of any kind.

use std::sync::Arc;

use super::{Inner, ValkeyClient};
use crate::error::Result;
use crate::redis::cache::{CacheOptions, CacheSource, ClientCache};
use crate::redis::callers::{Callers, FurtherCallers, receive};
use crate::redis::config::{Config, Options, Target};
use crate::redis::endpoint::Endpoint;
use crate::redis::lane::Sink;
use crate::redis::link::Link;

/// Makes the link of a client, which delivers to its callers, and the endpoint below it, if there is
/// only one.
pub(in crate::redis) type Make =
    Arc<dyn Fn(&Arc<Callers>) -> Result<(Option<Arc<Endpoint>>, Arc<dyn Link>)> + Send + Sync>;

impl ValkeyClient {
    pub(super) async fn open(
        target: Target,
        options: Options,
        cache: Option<CacheOptions>,
    ) -> Result<Self> {
        options.validate()?;
        let tracking = options.tracking.clone();
        let cache = cache.map(|options| CacheSource { options, tracking });
        let config = Config { target, options };
        let make: Make = Arc::new(move |callers| {
            let sink = Arc::clone(callers) as Arc<dyn Sink>;
            let endpoint = Endpoint::new(config.clone(), sink, FurtherCallers::maker(callers));
            Ok((Some(Arc::clone(&endpoint)), endpoint as Arc<dyn Link>))
        });
        Self::over_cached(make, cache).await
    }

    /// Connects over a link of any kind.
    pub(in crate::redis) async fn over(make: Make) -> Result<Self> {
        Self::over_cached(make, None).await
    }

    /// Likewise; with a cache the link must track.
    pub(in crate::redis) async fn over_cached(
        make: Make,
        cache: Option<CacheSource>,
    ) -> Result<Self> {
        let callers = Arc::new(match &cache {
            Some(source) => Callers::with_cache(ClientCache::new(source)),
            None => Callers::default(),
        });
        let (endpoint, link) = make(&callers)?;
        callers.attach(&link);
        let client = Self {
            inner: Arc::new(Inner {
                endpoint,
                link,
                callers,
                make,
                cache,
            }),
        };
        let (id, reply) = client.inner.callers.register();
        client.inner.link.connect(id);
        receive(reply).await?;
        Ok(client)
    }
}
