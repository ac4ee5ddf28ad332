#pragma once

#include "sys/directory.hpp"

namespace nslaunch::ns {

/// The folders that overlayfs makes one view of; O_PATH descriptors, opened in this mount namespace.
struct OverlayLayers {
  int lower;  ///< is read, never written
  int upper;  ///< gets what is changed: an empty folder
  int work;   ///< for overlayfs alone: an empty folder on the same mount as `upper`, and apart from it
};

struct ViewOptions {
  /// What `upper` holds afterwards makes sense without `lower`; a folder is renamed by copying it (K36).
  bool readable;
  /// A folder is merged with none below but the one that it is a copy of, wherever somebody moves that (K62).
  bool verified;
};

/// Mounts a view of `lower` over `target`, on top of what is mounted there, in which every change goes to
/// `upper`; what is mounted below `lower` is not in it. Called by init, in the shard's own mount namespace.
/// Throws Error; its code is ENOLINK where folders can't be verified here: the view must not be used then.
void mount_overlay(const OverlayLayers& layers, const sys::Directory& target, const ViewOptions& view);

/// Whether a view with this upper layer is still there: somebody may have a file of it open when no mount
/// namespace shows it any more (K60). Mounts nothing; where it can't be told it is.
bool has_view(const sys::Directory& upper);

}  // namespace nslaunch::ns
