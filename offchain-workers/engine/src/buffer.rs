//! Memory for weights: zeroed pages straight from the system, in huge pages where it has them, given back when dropped.

use memmap2::MmapMut;
use std::{io, marker::PhantomData, ops};

/// Types that any bytes are a value of.
///
/// # Safety
/// Every bit pattern is valid, there is no padding, and the alignment divides a page.
pub(crate) unsafe trait Plain: Copy + Send + Sync {}

// SAFETY: 16-bit and 8-bit integers without padding.
unsafe impl Plain for crate::kernel::GroupBlock {}

/// A slice of `T` in its own pages.
pub(crate) struct Buffer<T> {
	pages: MmapMut,
	length: usize,
	elements: PhantomData<T>,
}

impl<T: Plain> Buffer<T> {
	/// `length` elements of zero bytes.
	pub(crate) fn zeroed(length: usize) -> io::Result<Self> {
		let pages = MmapMut::map_anon((length * size_of::<T>()).max(1))?;
		// Fewer TLB misses where the system grants it; nothing is lost where it does not.
		#[cfg(target_os = "linux")]
		let _ = pages.advise(memmap2::Advice::HugePage);
		Ok(Self {
			pages,
			length,
			elements: PhantomData,
		})
	}
}

impl<T: Plain> ops::Deref for Buffer<T> {
	type Target = [T];

	fn deref(&self) -> &[T] {
		// SAFETY: the mapping holds `length` elements, starts at a page, and `T` is plain.
		unsafe { std::slice::from_raw_parts(self.pages.as_ptr().cast(), self.length) }
	}
}

impl<T: Plain> ops::DerefMut for Buffer<T> {
	fn deref_mut(&mut self) -> &mut [T] {
		// SAFETY: as for `deref`, and the borrow is exclusive.
		unsafe { std::slice::from_raw_parts_mut(self.pages.as_mut_ptr().cast(), self.length) }
	}
}
