void indelible_storage_placeholder(void);
