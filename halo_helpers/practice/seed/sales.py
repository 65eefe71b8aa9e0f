"""Fields of contracts, invoices, quotations, items and suppliers."""

from __future__ import annotations

from datetime import timedelta

from .customers import Customers
from .values import EPOCH, NO_DATE, Record, stamp


class Sales(Customers):
    """What one tenant sells and buys."""

    def item(self, number: int) -> Record:
        """Return a product (Item)."""
        return {
            "id": number,
            "name": f"Managed seat tier {number}",
            "baseprice": 10.0 * number,
            "use": "item",
        }

    def contract(self, number: int) -> Record:
        """Return a contract (ContractHeader)."""
        return {
            "id": number,
            "ref": f"CON-{number:04}",
            "client_id": number,
            "client_name": self.client(number)["name"],
            "site_id": 100 + number,
            "start_date": stamp(EPOCH),
            "end_date": stamp(EPOCH + timedelta(days=365)),
            "active": True,
            "contract_status": "Active",
            "contracttype": 1,
            "contracttype_name": "Managed service",
            "expired": False,
            "started": True,
            "next_invoice_date": stamp(EPOCH + timedelta(days=30)),
            "sla_id": 1,
        }

    def invoice(self, number: int) -> Record:
        """Return an invoice (InvoiceHeader)."""
        return {
            "id": number,
            "invoicenumber": f"INV-{number:05}",
            "client_id": number,
            "client_name": self.client(number)["name"],
            "invoice_date": stamp(EPOCH),
            "duedate": stamp(EPOCH + timedelta(days=30)),
            "datesent": NO_DATE,
            "total": 120.0 * number,
            "tax_total": 20.0 * number,
            "amountdue": 120.0 * number,
            "paymentstatus": 0,
            "schedule_id": 0,
        }

    def quotation(self, number: int) -> Record:
        """Return a quotation (QuotationHeader)."""
        return {
            "id": number,
            "title": f"Laptop refresh {number}",
            "client_id": number,
            "client_name": self.client(number)["name"],
            "user_id": number,
            "user_name": self.user(number)["name"],
            "ticket_id": 0,
            "status": 1,
            "date": stamp(EPOCH),
            "expiry_date": stamp(EPOCH + timedelta(days=30)),
            "po_ref": "",
            "revenue": 900.0,
        }

    def quotation_details(self, number: int) -> Record:
        """Return a quotation with its total, which the list leaves out."""
        return self.quotation(number) | {"total": 1080.0}

    def supplier(self, number: int) -> Record:
        """Return a supplier (Company)."""
        return {
            "id": number,
            "name": f"Wholesale {number} Ltd",
            "contact_name": "",
            "email_address": "",
            "phone_number": "",
            "website": "",
            "toplevel_id": 1,
            "inactive": False,
            "use": "supplier",
        }
