//! The transaction pool's own tasks.

use futures::{future::BoxFuture, FutureExt};
use sc_service::SpawnEssentialTaskHandle;
use sp_core::traits::SpawnEssentialNamed;

/// Spawns the pool's tasks as essential ones, which end the node when they fail.
///
/// One of them waits for requests without giving way. When the node ends, it learns of that only by the end of the pool, and
/// would pass for failed. So a task that ends is polled once more: a node that is ending has said so by then, for only its
/// end takes the pool away.
#[derive(Clone)]
pub(super) struct PoolTasks(pub(super) SpawnEssentialTaskHandle);

fn and_once_more(task: BoxFuture<'static, ()>) -> BoxFuture<'static, ()> {
	task.then(|()| tokio::task::yield_now()).boxed()
}

impl SpawnEssentialNamed for PoolTasks {
	fn spawn_essential_blocking(&self, name: &'static str, group: Option<&'static str>, task: BoxFuture<'static, ()>) {
		self.0.spawn_essential_blocking(name, group, and_once_more(task));
	}

	fn spawn_essential(&self, name: &'static str, group: Option<&'static str>, task: BoxFuture<'static, ()>) {
		self.0.spawn_essential(name, group, and_once_more(task));
	}
}
