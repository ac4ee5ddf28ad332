#pragma once

#include "shard/plan.hpp"

namespace nslaunch::shard {

/// Throws UsageError where another user would see or change in a view of `folder`, which is done with the
/// rights of whoever mounts it, more than that user may (K57): only where the kernel itself decides by owner
/// and mode is it the same.
void refuse_layer(const OverlaySpec& overlay, const sys::Directory& folder);

/// Throws UsageError where overlayfs can't tell a folder that another user has moved into the place of one
/// that was copied up (K62).
void refuse_unverifiable(const OverlaySpec& overlay, const sys::Directory& covered);

/// Throws UsageError where changes of `covered` would have rights in `keeping` that its mount keeps from them
/// (K58).
void refuse_looser(const OverlaySpec& overlay, const sys::Directory& covered, const sys::Directory& keeping);

}  // namespace nslaunch::shard
