using ControlZero.Grains.Feed;
using Orleans.Concurrency;
using Orleans.Services;

namespace ControlZero.Grains.Catalog;

/// <summary>How other silos reach the catalogs of a silo.</summary>
[Alias("cz.ICatalogService")]
internal interface ICatalogService : IGrainService
{
    /// <summary>Makes this silo follow a change that is stored. When it returns, nothing older decides here any more.</summary>
    // INVARIANT: notices may overlap and come late; the catalogs read storage and keep the newest, whatever the order.
    [Alias("Notice"), AlwaysInterleave]
    Task NoticeAsync(Change change);
}
